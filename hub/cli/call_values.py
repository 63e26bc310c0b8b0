"""From the words of a command line to a question, to what is written, or to a request; and from an answer to text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import yaml
from pydantic import ValidationError

from hub.cli.outcome import CannotRunError
from hub.cli.trace_masking import masked
from hub.config.connector_base import ConnectorBase
from hub.config.operations import ODataStep, RestStep, SoapStep, StepBase
from hub.config.wording import nearest, wording
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from hub.masking import Masking

MAX_INDEX = 100
MAX_LEVELS = 20

_PART = re.compile(r"([^.\[\]=]+)((?:\[\d{1,3}\])*)")
_STEP = "raw"


def values_of(words: Sequence[str]) -> dict[str, str]:
    """Read KEY=VALUE words. Raises CannotRunError."""
    values: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise CannotRunError(f"{word!r} is no KEY=VALUE, as in phone=+49351123456")
        if key in values:
            raise CannotRunError(f"{key!r} is given twice")
        values[key] = value
    return values


def query_of(connector: str, section: ConnectorBase, operation: str, values: dict[str, str]) -> CustomerQuery:
    """Return the question that runs just this operation. Raises CannotRunError."""
    settings = section.lookups.get(operation)
    if settings is None:
        known = [*section.lookups, *(f"write:{kind}" for kind in section.written)]
        message = f"connector {connector!r} has no operation {operation!r}{nearest(operation, known)}"
        raise CannotRunError(f"{message}; --raw calls those of the backend")
    if set(values) != {settings.key}:
        raise CannotRunError(
            f"operation {operation!r} looks up by {settings.key}: give {settings.key}=VALUE and no other"
        )
    value = values[settings.key]
    match settings.key:
        case "phone":
            number = parse_number(value, "ZZ") if value.startswith("+") else None
            if number is None or not number.e164:
                raise CannotRunError("phone: write the number with + and country code, as in +49351123456")
            return CustomerQuery(phone=number)
        case "email":
            return CustomerQuery(email=value)
        case _:
            return CustomerQuery(ids={settings.system or connector: value})


def entry_of(section: ConnectorBase, kind: str, values: dict[str, str]) -> WriteBack:
    """Return what is to be written. Raises CannotRunError."""
    if kind not in section.written:
        known = ", ".join(section.written) or "nothing"
        raise CannotRunError(f"this connector writes back {known}, and no {kind!r}")
    fields = [name for name in WriteBack.__struct_fields__ if name != "kind"]
    for name in values:
        if name not in fields:
            raise CannotRunError(f"what is written has no field {name!r}{nearest(name, fields)}")
    if not values.get("id"):
        raise CannotRunError("give an id=.., by which the backend gets it once however often it is written")
    try:
        return msgspec.convert({**values, "kind": WriteKind(kind)}, WriteBack, strict=False)
    except msgspec.ValidationError as error:
        raise CannotRunError(str(error)) from None


def json_section(text: str | None) -> dict[str, Any] | None:
    """Read a body that is given as JSON. Raises CannotRunError."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise CannotRunError(f'--body: no object in JSON, as in \'{{"method": "ping"}}\': {error}') from None


def raw_step(
    section: ConnectorBase, operation: str, values: dict[str, str], service: str, body: dict[str, Any] | None = None
) -> StepBase:
    """Return the request that calls what the backend itself offers. Raises CannotRunError."""
    if body is not None and (section.kind != "rest" or not operation.upper().startswith("P")):
        raise CannotRunError("--body goes with --raw and 'POST /path' of a REST service")
    try:
        match section.kind:
            case "soap":
                return SoapStep(name=_STEP, operation=operation, arguments=nested(values))
            case "odata":
                step = {"name": _STEP, "service": service, "entity": operation, "where": values, "top": 20}
                return ODataStep.model_validate(step)
            case "rest":
                method, space, path = operation.partition(" ")
                step = {"name": _STEP, "method": method.upper() if space else "GET", "path": path or method}
                if body is not None:
                    step |= {"params": values, "body": body}
                else:
                    step |= {"params": values} if step["method"] == "GET" else {"body": nested(values)}
                return RestStep.model_validate(step)
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        raise CannotRunError(f"{'.'.join(map(str, finding['loc']))}: {wording(finding)}") from None
    raise CannotRunError(f"--raw: the kind {section.kind!r} has no requests of its own")


def nested(values: dict[str, str]) -> dict[str, Any]:
    """Put `a.b[0].c=x` together: {a: {b: [{c: x}]}}. Raises CannotRunError."""
    root: dict[str, Any] = {}
    for place, value in values.items():
        steps = _steps(place)
        node: Any = root
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            made: Any = value if following is None else [] if isinstance(following, int) else {}
            node = _put(node, step, made, place)
    return root


def _put(node: Any, step: str | int, made: Any, place: str) -> Any:
    """Return what stands at a step, put there if nothing does."""
    if isinstance(step, int) and isinstance(node, list):
        if step > len(node):
            raise CannotRunError(f"{place}: [{step}] comes before [{len(node)}]: count from 0")
        if step == len(node):
            node.append(made)
        found = node[step]
    elif isinstance(step, str) and isinstance(node, dict):
        found = node.setdefault(step, made)
    else:
        found = None
    if type(found) is not type(made) or (isinstance(made, str) and found is not made):
        raise CannotRunError(f"{place}: this place holds something else already")
    return found


def _steps(place: str) -> list[str | int]:
    steps: list[str | int] = []
    for part in place.split("."):
        match = _PART.fullmatch(part)
        if match is None:
            raise CannotRunError(f"{place!r}: names joined by dots, with [0] where several may stand, as in a.b[0].c=x")
        steps += [match[1], *(int(index) for index in re.findall(r"\d+", match[2]))]
    if len(steps) > MAX_LEVELS or any(isinstance(step, int) and step > MAX_INDEX for step in steps):
        raise CannotRunError(f"{place!r}: at most {MAX_LEVELS} levels and {MAX_INDEX} items")
    return steps


def printed(answer: Any, masking: Masking, *, as_json: bool) -> str:
    """Write an answer as YAML or JSON, its secrets hidden."""
    plain = masked(msgspec.to_builtins(answer, enc_hook=str), masking)
    if as_json:
        return json.dumps(plain, ensure_ascii=False, indent=2)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120).rstrip()
