"""What a configuration asks of its backends, compared with their contracts: WSDL, EDMX, OpenAPI."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from connectors.shapes import OPEN, ContractError, Field, field_at, unknown_in
from hub.cli.contract_steps import Contract, Finding, below, record_findings, record_shape, step_findings
from hub.config.connector_base import ConnectorBase
from hub.config.connectors import ODataConnector, RestConnector
from hub.config.document import Document, KeyPath, Place, read_document
from hub.config.http_access import ApiKeyAuth
from hub.config.mapping_files import SHIPPED, find_mapping
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.soap import SoapConnector, SoapContract
from hub.domain.path import Path as RecordPath
from hub.mapping.sources import Source, sources_of

Online = Callable[[str, ConnectorBase, str], bytes]
"""Read an address on behalf of a connector (its name, its configuration). Raises ContractError."""


@dataclasses.dataclass(slots=True)
class _Use:
    """A mapping's use by one operation; `whole` is what its records could hold if more were asked for."""

    connector: str
    path: KeyPath
    record: Field
    whole: Field
    advice: str


def contract_problems(config: Config, file: Path, online: Online | None = None) -> list[Problem]:
    """Return every name in the configuration, and in the mappings it uses, that its backends don't have.

    With `online`, contracts that are given by address are read as well.
    """
    document = read_document(file)
    uses: dict[Path, list[_Use]] = {}
    found: set[Problem] = set()
    for name, connector in config.connectors.items():
        told = _Told(document, name, connector)
        for finding in _connector_findings(name, connector, config, uses, online):
            found.add(told.problem(finding))
    for mapping, used in uses.items():
        found.update(_mapping_problems(mapping, used, config, document))
    return sorted(found)


class _Told:
    """Places of one connector's findings. What only the preset says is told where the site names the preset."""

    def __init__(self, document: Document, name: str, connector: ConnectorBase) -> None:
        self._document = document
        self._base: KeyPath = ("connectors", name)
        self._preset = connector.preset

    def problem(self, finding: Finding) -> Problem:
        written = self._is_written(finding.path)
        if written or self._preset is None:
            return self._document.problem(self._place((*self._base, *finding.path)), finding.message)
        where = ".".join(str(part) for part in finding.path if isinstance(part, str) and part != "steps")
        place = self._document.value_place((*self._base, "preset"))
        return self._document.problem(place, f"preset {self._preset!r}, {where}: {finding.message}")

    def _is_written(self, path: KeyPath) -> bool:
        """Whether the site wrote that operation (a site's replaces the preset's whole), or that key."""
        return (*self._base, *path[: 2 if path[0] in {"operations", "writes"} else 1]) in self._document.keys

    def _place(self, path: KeyPath) -> Place:
        for length in range(len(path), 0, -1):
            for places in (self._document.values, self._document.keys):
                # A name that is wrong is a key; a wrong value stands behind its key.
                if path[:length] in places:
                    is_key = isinstance(path[length - 1], str) and length == len(path) and _names_a_field(path)
                    return self._document.key_place(path[:length]) if is_key else places[path[:length]]
        return self._document.key_place(path)


def _names_a_field(path: KeyPath) -> bool:
    return (
        len(path) > 1
        and any(part in path[:-1] for part in ("arguments", "where", "params", "body", "key", "attach"))
        and path[-1] not in {"from", "eq"}
    )


def _connector_findings(
    name: str, connector: ConnectorBase, config: Config, uses: dict[Path, list[_Use]], online: Online | None
) -> Iterator[Finding]:
    try:
        contract = _contract(name, connector, online)
    except _UnreadableError as error:
        yield Finding(error.path, str(error))
        return
    if contract is None:
        return
    for operation, settings in connector.lookups.items():
        steps: tuple[Any, ...] = getattr(settings, "steps", ())
        path: KeyPath = ("operations", operation)
        shapes: dict[str, Field] = {}
        yield from step_findings(contract, steps, path, shapes)
        shapes.pop("item", None)
        yield from record_findings(settings, path, shapes)
        mapping = find_mapping(settings.mapping or connector.mapping or "", config.hub.mappings)
        if mapping is not None:
            wholes = {step.name: _below_rows(contract.whole(step), step) for step in steps}
            wanted = (settings.record_steps or (steps[-1].name,))[-1]
            last = next(step for step in steps if step.name == wanted)
            use = _Use(
                name, path, record_shape(settings, steps, shapes), record_shape(settings, steps, wholes),
                contract.advice(last),
            )  # fmt: skip
            uses.setdefault(mapping, []).append(use)
    for kind, written in connector.written.items():
        yield from step_findings(contract, getattr(written, "steps", ()), ("writes", str(kind)), {})


def _below_rows(whole: Field, step: Any) -> Field:
    if getattr(step, "delimited", None) is not None:
        return OPEN
    return field_at(whole, RecordPath(step.rows).every_name if step.rows else ()) or OPEN


class _UnreadableError(Exception):
    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(message)
        self.path = path


def _contract(name: str, connector: ConnectorBase, online: Online | None) -> Contract[Any] | None:
    """Return the connector's contract, None where there is none at hand. Raises _UnreadableError."""
    match connector:
        case SoapConnector():
            return _soap(name, connector, online)
        case ODataConnector():
            return _odata(name, connector, online)
        case RestConnector() if connector.openapi is not None:
            from connectors.rest.openapi import read_openapi
            from hub.cli.contract_readers import RestContract

            try:
                service = read_openapi(contract_file(connector.openapi))
                return RestContract(service, connector.params, _headers_of(connector))
            except ContractError as error:
                raise _UnreadableError(("openapi",), str(error)) from None
        case _:
            return None


def _headers_of(connector: RestConnector) -> list[str]:
    """Return the names of the headers that the connector puts with each request by itself."""
    key = [connector.auth.header] if isinstance(connector.auth, ApiKeyAuth) else []
    return [*connector.headers, *(connector.session.headers if connector.session else ()), *key]


def _soap(name: str, connector: SoapConnector, online: Online | None) -> Contract[Any] | None:
    every: dict[str, SoapContract] = {"": connector, **connector.contracts}
    readable = {key: config for key, config in every.items() if online is not None or not config.wsdl_is_remote}
    if not readable:
        return None
    from connectors.soap.describe import Described, contract_of
    from hub.cli.contract_readers import SoapContract as Compared

    fetch = None if online is None else (lambda address: online(name, connector, address))
    described: dict[str, Described] = {}
    for key, config in readable.items():
        try:
            described[key] = Described(contract_of(config, fetch))
        except ContractError as error:
            raise _UnreadableError((*(("contracts", key) if key else ()), "wsdl"), str(error)) from None
    return Compared(described)


def _odata(name: str, connector: ODataConnector, online: Online | None) -> Contract[Any] | None:
    from connectors.odata.metadata import Metadata, read_metadata
    from hub.cli.contract_readers import ODataContract

    every = (*connector.operations.values(), *connector.writes.values())
    asked: dict[str, None] = dict.fromkeys(
        step.service for operation in every for step in getattr(operation, "steps", ())
    )
    services: dict[str, Metadata] = {}
    for service, file in connector.metadata.items():
        place: KeyPath = ("metadata", service) if service else ("metadata",)
        try:
            read = read_metadata(contract_file(file))
        except ContractError as error:
            raise _UnreadableError(place, str(error)) from None
        described = [service] if service in asked else [one for one in asked if _is_of(one, read.namespace, asked)]
        if not described:
            message = f"no step asks the service that it describes: write metadata: {{{next(iter(asked))}: FILE}}"
            raise _UnreadableError(place, message)
        services |= dict.fromkeys(described, read)
    for service in asked if online is not None else ():
        if online is not None and service not in services:
            parts = [connector.url.rstrip("/"), *filter(None, [service.strip("/")]), "$metadata"]
            try:
                services[service] = read_metadata(online(name, connector, "/".join(parts)))
            except ContractError as error:
                raise _UnreadableError(("url",), str(error)) from None
    return ODataContract(services, connector.version) if services else None


def _is_of(service: str, namespace: str, asked: dict[str, None]) -> bool:
    """Whether metadata given for all services is that of this one: the only one, or the one of its name."""
    return len(asked) == 1 or service.strip("/").rpartition("/")[2].partition(";")[0] == namespace


def contract_file(file: str | Path) -> bytes:
    """Read a contract, of at most 20 MB. Raises ContractError."""
    from connectors.base import ConnectorError
    from connectors.soap.addresses import read_document_file

    try:
        return read_document_file(Path(file))
    except ConnectorError as error:
        raise ContractError(error.message) from None


def _mapping_problems(mapping: Path, uses: list[_Use], config: Config, site: Document) -> Iterator[Problem]:
    """Yield the paths that no operation that uses the mapping can have."""
    try:
        document = read_document(mapping)
    except ConfigError:
        return  # told where it is loaded
    sources = [source for source in sources_of(document) if source.names is not None]
    is_shipped = mapping.is_relative_to(SHIPPED)
    if is_shipped:
        # Made for several versions and ways of a system: without the id alone it is of no use.
        sources = [source for source in sources if source.field == "id"]
    wrong = {source.place for source in sources if _is_wrong(source, uses)}
    for source in sources:
        if source.place not in wrong or (is_shipped and not wrong.issuperset(source.among)):
            continue
        use = uses[0]
        unknown = unknown_in(use.record, source.names or ())
        if unknown is None or _is_told_above(source, unknown.name):
            continue
        could = unknown_in(use.whole, source.names or ()) is None
        advice = f": {use.advice}" if could else below(unknown)
        operation = f"operation {use.path[-1]!r} of connector {use.connector!r}"
        message = f"{source.path!r}: the records of {operation} have no {unknown.name!r}{advice}"
        if is_shipped:
            place = _named_at(site, use, config)
            label = mapping.relative_to(SHIPPED).with_suffix("").as_posix()
            yield site.problem(place, f"mapping {label!r}, field {source.field}: {message}")
        else:
            yield document.problem(
                document.key_place(source.place) if "where" in source.place else document.value_place(source.place),
                message,
            )


def _is_told_above(source: Source, unknown: str) -> bool:
    """Whether the wrong name is in the `each` around a path, where it is told."""
    own = RecordPath(source.path).every_name if not source.path.startswith("$") else source.names or ()
    above = (source.names or ())[: len(source.names or ()) - len(own)]
    return unknown in above and unknown not in own


def _is_wrong(source: Source, uses: list[_Use]) -> bool:
    return all(unknown_in(use.record, source.names or ()) is not None for use in uses)


def _named_at(site: Document, use: _Use, config: Config) -> Place:
    """Return where the site names the mapping, or the preset that does."""
    base: KeyPath = ("connectors", use.connector)
    for path in ((*base, *use.path, "mapping"), (*base, "mapping")):
        if path in site.keys:
            return site.value_place(path)
    key = "preset" if config.connectors[use.connector].preset else "kind"
    return site.value_place((*base, key))
