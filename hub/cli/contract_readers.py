"""Each kind's contract, as `contract_steps` asks it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.shapes import OPEN, ContractError, Field, field_at, section, unknown_in
from hub.cli.contract_steps import Finding, argument_findings, below, suggestion
from hub.config.document import KeyPath
from hub.config.operations import ODataStep, RestStep, SoapStep

if TYPE_CHECKING:
    from connectors.odata.metadata import Metadata
    from connectors.rest.openapi import Call, Service
    from connectors.soap.describe import Described


class SoapContract:
    """`described` are the connector's own WSDL (under "") and its further ones, as far as they could be read."""

    def __init__(self, described: Mapping[str, Described]) -> None:
        self._described = described

    def request(self, step: SoapStep, path: KeyPath) -> Iterator[Finding]:
        described = self._described.get(step.contract or "")
        if described is None:
            return
        try:
            field = described.request(step.operation)
        except ContractError as error:
            yield Finding((*path, "operation"), str(error))
        else:
            yield from argument_findings(step.arguments, field, (*path, "arguments"), f"operation {step.operation!r}")

    def reply(self, step: SoapStep) -> Field:
        described = self._described.get(step.contract or "")
        try:
            reply = described.reply(step.operation) if described else OPEN
        except ContractError:
            return OPEN  # told by `request`
        return section({"header": OPEN, "body": reply}) if step.header else reply

    whole = reply

    def advice(self, step: SoapStep) -> str:
        return f"step {step.name!r} is not answered with it"


_ADDED = {name: Field(name) for name in ("@etag", "@id")}
"""What the connector adds to each row."""


class ODataContract:
    """`services` holds what is known of each service, by the name that steps have for it."""

    def __init__(self, services: Mapping[str, Metadata], version: str) -> None:
        self._services = services
        self._version = version

    def request(self, step: ODataStep, path: KeyPath) -> Iterator[Finding]:
        metadata = self._services.get(step.service)
        if metadata is None:
            return
        if metadata.version != self._version:
            message = f"the metadata is that of OData {metadata.version.upper()}: write version: {metadata.version}"
            yield Finding(("version",), message)
        entity = metadata.entity_sets.get(step.entity)
        if entity is None:
            known = list(metadata.entity_sets)
            message = f"the service has no entity set {step.entity!r}{suggestion(step.entity, known)}"
            yield Finding((*path, "entity"), message)
            return
        yield from self._properties(entity, step, path)
        for name in step.key if isinstance(step.key, dict) else ():
            # Alternate keys (OData 4.01, 4.3.2) are named nowhere for sure: any property may be one.
            yield from self._property(entity, name, (*path, "key", name), step.entity)
        if step.body is not None:
            one = dataclasses.replace(entity, many=False)
            yield from argument_findings(step.body, one, (*path, "body"), step.entity)

    def _properties(self, entity: Field, step: ODataStep, path: KeyPath) -> Iterator[Finding]:
        for key, conditions in (("where", step.where), ("any_of", step.any_of)):
            for name in conditions:
                yield from self._property(entity, name, (*path, key, name), step.entity)
        for key in ("select", "expand"):
            for index, name in enumerate(getattr(step, key)):
                yield from self._property(entity, name, (*path, key, index), step.entity, linked=key == "expand")
        for index, name in enumerate(step.order):
            yield from self._property(entity, name.partition(" ")[0], (*path, "order", index), step.entity)
        for expanded, options in step.expand_options.items():
            target = field_at(entity, expanded.split("/")) or OPEN
            place = (*path, "expand_options", expanded)
            for name in options.where:
                yield from self._property(target, name, (*place, "where", name), expanded)
            for index, name in enumerate(options.select):
                yield from self._property(target, name, (*place, "select", index), expanded)

    def _property(
        self, entity: Field, name: str, path: KeyPath, where: str, *, linked: bool = False
    ) -> Iterator[Finding]:
        names = [part for part in name.replace("[]", "").split("/") if "." not in part]
        unknown = unknown_in(entity, names)
        if unknown is not None:
            yield Finding(path, f"{where} has no property {unknown.name!r}{below(unknown)}")
            return
        yield from self._one_or_several(entity, name, path)
        field = entity
        for part in names:
            field = field.fields.get(part, OPEN)
            if linked and not field.linked and not field.is_open:
                names_of = [inner.name for inner in entity.fields.values() if inner.linked]
                message = f"{part!r} leads nowhere, so that it can't be expanded{suggestion(part, names_of)}"
                yield Finding(path, message)
                return

    def _one_or_several(self, entity: Field, name: str, path: KeyPath) -> Iterator[Finding]:
        """Compare with `[]` in a condition what it stands behind."""
        if path[-2] not in {"where", "any_of"} or self._version == "v2" or "." in name:
            return
        said = name.partition("[]")[0] if "[]" in name else ""
        for index, part in enumerate(parts := name.replace("[]", "").split("/"), 1):
            so_far = "/".join(parts[:index])
            field = field_at(entity, so_far.split("/"))
            if field is None or (field.is_open and not field.fields and not field.name):
                return
            if field.many != (so_far == said):
                right = "/".join([*parts[: index - 1], f"{part}[]" if field.many else part, *parts[index:]])
                what = "there are several of" if field.many else "there is one"
                yield Finding(path, f"{what} {part!r}: write {right}")
                return

    def reply(self, step: ODataStep) -> Field:
        entity = self.whole(step)
        if entity.is_open and not entity.fields:
            return entity
        asked = _asked(entity, [*step.select, *step.optional_fields], step.expand)
        return section({**asked.fields, **_ADDED}, name=asked.name, many=asked.many, is_open=asked.is_open)

    def whole(self, step: ODataStep) -> Field:
        metadata = self._services.get(step.service)
        return metadata.entity_sets.get(step.entity, OPEN) if metadata else OPEN

    def advice(self, step: ODataStep) -> str:
        return f"step {step.name!r} does not ask for it: add it to `select` or `expand`"


def _asked(entity: Field, select: Sequence[str], expand: Sequence[str]) -> Field:
    """Return what an entity comes with: the properties selected (all, unless some are), and what is expanded."""
    expanded = {path.split("/")[0] for path in expand}
    chosen = {path.split("/")[0] for path in select}
    every = not chosen or "*" in chosen
    fields: dict[str, Field] = {}
    for name, field in entity.fields.items():
        if field.linked:
            if name in expanded:
                deeper = [path.partition("/")[2] for path in expand if path.startswith(f"{name}/")]
                narrower = [path.partition("/")[2] for path in select if path.startswith(f"{name}/")]
                fields[name] = dataclasses.replace(
                    _asked(field, narrower, deeper), name=name, many=field.many, linked=True
                )
        elif every or name in chosen:
            fields[name] = field
    return section(fields, name=entity.name, many=entity.many, is_open=entity.is_open)


class RestContract:
    """`params` and `headers` are those that the connector itself puts with each request."""

    def __init__(self, service: Service, params: Mapping[str, str], headers: Collection[str]) -> None:
        self._service = service
        self._params = params
        self._headers = {name.lower() for name in headers}

    def request(self, step: RestStep, path: KeyPath) -> Iterator[Finding]:
        calls = self._service.at(step.path.partition("?")[0])
        if not calls:
            known = sorted({call.path for call in self._service.calls})
            yield Finding((*path, "path"), f"the service has no path {step.path!r}{suggestion(step.path, known)}")
            return
        call = self._call(step)
        if call is None:
            methods = ", ".join(call.method for call in calls)
            yield Finding((*path, "method"), f"{calls[0].path} has no method {step.method}: it has {methods}")
            return
        known = [parameter.name for parameter in call.parameters if parameter.place == "query"]
        for name in step.params:
            if name not in known:
                message = f"{call.name} has no parameter {name!r}{suggestion(name, known)}"
                yield Finding((*path, "params", name), message)
        for parameter in call.parameters:
            if parameter.place == "query" and parameter.required and not self._is_given(parameter.name, step):
                yield Finding(
                    (*path, "path"), f"{call.name} needs the parameter {parameter.name!r}: give it in `params`"
                )
            if parameter.is_needed_header and not self._is_sent(parameter.name, step):
                message = f"{call.name} needs the header {parameter.name!r}: give it in `headers`"
                yield Finding((*path, "path"), message)
        if step.body is not None:
            yield from argument_findings(step.body, call.body, (*path, "body"), call.name)

    def _is_sent(self, header: str, step: RestStep) -> bool:
        return header.lower() in self._headers or header.lower() in {name.lower() for name in step.headers}

    def _is_given(self, name: str, step: RestStep) -> bool:
        return name in step.params or name in self._params or f"{name}=" in step.path.partition("?")[2]

    def _call(self, step: RestStep) -> Call | None:
        calls = self._service.at(step.path.partition("?")[0])
        return next((call for call in calls if call.method == step.method), None)

    def reply(self, step: RestStep) -> Field:
        call = self._call(step)
        reply = call.reply if call else OPEN
        told = {name: Field(name) for name in (*step.reply_headers, *step.reply_cookies)}
        if not told or step.rows:
            return reply
        return section({**reply.fields, **told}, many=reply.many, is_open=reply.is_open)

    whole = reply

    def advice(self, step: RestStep) -> str:
        return f"step {step.name!r} is not answered with it"
