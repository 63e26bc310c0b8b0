"""What a trace shows, for people and as JSON; secrets are hidden line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.tracing import Exchange, StepDone
from hub.cli.trace_bodies import MAX_LINES, flat, readable_body
from hub.cli.trace_masking import masked, shown_headers
from hub.cli.tracing import MappedRecord, Traced, TracedConnector
from hub.config.wording import counted
from hub.domain.identity import RecordMatch
from hub.masking import Masking

_INDEX = re.compile(r"\[\d+\]")
_FILLED = frozenset({"system", "mapping", "fetched_at"})
MAX_VALUE = 200
LINES_BEFORE = 5


def print_report(found: Traced, *, is_full: bool) -> None:
    """Print each connector's steps, then the customer as the agent would see it."""
    for line in _report(found, 0 if is_full else MAX_LINES):
        print(found.masking.line(line))


def print_json(found: Traced) -> None:
    """Print one JSON document."""
    document = {
        "connectors": [_connector_document(one) for one in found.connectors],
        "context": msgspec.to_builtins(found.context),
    }
    print(json.dumps(masked(document, found.masking), ensure_ascii=False, indent=2, default=str))


def _report(found: Traced, lines: int) -> Iterator[str]:
    for one in found.connectors:
        yield from _connector(one, lines, found.masking)
        yield ""
    yield from _customer(found)


def _connector(one: TracedConnector, lines: int, masking: Masking) -> Iterator[str]:
    asked = f"operation {one.operation}" if one.operation else "no operation for this"
    title = f" ({one.title})" if one.title != one.name else ""
    yield f"=== {one.name}{title}, {one.kind}, {asked}: {_outcome(one)} in {one.took_ms:.0f} ms"
    for happened in one.trace.happened:
        yield ""
        if isinstance(happened, StepDone):
            reason = one.trace.notes.get(happened.step, "") if not happened.rows else ""
            told = f": {reason}" if reason else ""
            yield f"step {happened.step}: {counted(happened.rows, 'row')} in {happened.took_ms:.0f} ms{told}"
        else:
            yield from _exchange(happened, lines, masking)
    for step, reason in one.skipped:
        yield ""
        yield f"step {step}: {reason}"
    for number, mapped in enumerate(one.mapped, 1):
        yield ""
        yield f"record {number} of {len(one.mapped)}, by {one.mapping_file}"
        yield from _fields(one, mapped)
    if one.error:
        yield ""
        yield f"FAILED ({one.problem}): {one.error}"


def _outcome(one: TracedConnector) -> str:
    if one.error:
        return f"failed ({one.problem})"
    return counted(len(one.records), "record") if one.records else "nobody found"


def _exchange(exchange: Exchange, lines: int, masking: Masking) -> Iterator[str]:
    where = f"step {exchange.step}" if exchange.step else "before the steps"
    yield f"{where}: {exchange.method} {exchange.address}"
    yield from (f"    > {name}: {value}" for name, value in shown_headers(exchange.request_headers).items())
    yield from (f"    > {line}" for line in readable_body(exchange.request_body, masking.line, lines=lines))
    if exchange.status is None:
        yield f"    < no reply after {exchange.took_ms:.0f} ms: {exchange.error}"
        return
    size = f", {len(exchange.reply_body)} bytes" if exchange.reply_body else ""
    answered = f"HTTP {exchange.status}" if exchange.status else "answered"
    yield f"    < {answered} in {exchange.took_ms:.0f} ms{size}"
    if exchange.error:
        yield f"    < {exchange.error}"
    yield from (f"    < {name}: {value}" for name, value in shown_headers(exchange.reply_headers).items())
    # What comes before the steps is a contract, as a rule: how it begins is enough to know it.
    shown = lines if exchange.step or not lines else min(lines, LINES_BEFORE)
    yield from (f"    < {line}" for line in readable_body(exchange.reply_body, masking.line, lines=shown))


def _fields(one: TracedConnector, mapped: MappedRecord) -> Iterator[str]:
    made = [(path, value) for path, value in flat(_plain(mapped.record)) if path.partition(".")[0] not in _FILLED]
    rows = [(f"{path} = {_shown(value)}", _rule(one, path)) for path, value in made]
    width = min(max((len(field) for field, _ in rows), default=0), 60)
    yield from (f"    {field:{width}}  <- {rule}" if rule else f"    {field}" for field, rule in rows)
    for field, reason in mapped.left_out:
        yield f"    {field} left out: {reason}"


def _rule(one: TracedConnector, path: str) -> str:
    """Return the rule, or rules, that may have made a field, with their lines in the mapping."""
    rules = one.rules.get(_INDEX.sub("", path), ())
    return " | ".join(f"{rule.text}{f' of each {rule.each}' if rule.each else ''} (line {rule.line})" for rule in rules)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}.."


def _customer(found: Traced) -> Iterator[str]:
    customers = found.context.customers
    if not customers:
        yield "=== the agent sees the number alone"
        return
    several = ", and has to ask which" if found.context.customer is None else ""
    yield f"=== the agent sees {counted(len(customers), 'customer')}{several}"
    for customer in customers:
        yield ""
        yield f"customer {', '.join(f'{system}:{record}' for system, record in customer.ids.items())}"
        for field, sourced in _sourced(_plain(msgspec.structs.replace(customer, conflicts=()))):
            shown = ", ".join(
                f"{key} {_shown(value)}" if key else _shown(value) for key, value in flat(sourced["value"])
            )
            yield f"    {field}: {shown}  (from {sourced['system']} {sourced['record']})"
        for conflict in customer.conflicts:
            said = ", ".join(f"{_shown(one.value)} (from {one.system} {one.record})" for one in conflict.values)
            yield f"    they differ on {conflict.field}: {said}"
        for match in customer.matches:
            yield f"    {_match(match)}: one customer"
    for match in found.context.maybe_same:
        yield ""
        yield f"{_match(match)}: may be one customer"


def _match(match: RecordMatch) -> str:
    """Say how sure it is, and what each rule added."""
    pair = " and ".join(f"{one.system}:{one.id}" for one in (match.one, match.other))
    reasons = ", ".join(f"{reason.rule} {reason.score:+g}" for reason in match.reasons)
    return f"{pair} by {match.score:g} ({reasons})"


def _sourced(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict) and {"value", "system"} <= node.keys():
        yield path, node
    elif isinstance(node, dict):
        for key, inner in node.items():
            yield from _sourced(inner, f"{path}.{key}" if path else key)
    elif isinstance(node, list | tuple):
        for index, inner in enumerate(node):
            yield from _sourced(inner, f"{path}[{index}]")


def _connector_document(one: TracedConnector) -> dict[str, Any]:
    return {
        "connector": one.name,
        "kind": one.kind,
        "operation": one.operation,
        "took_ms": round(one.took_ms, 1),
        "problem": one.problem,
        "error": one.error,
        "happened": [_happened_document(happened) for happened in one.trace.happened],
        "skipped": [{"step": step, "reason": reason} for step, reason in one.skipped],
        "mapping": one.mapping_file,
        "records": [_record_document(one, mapped) for mapped in one.mapped],
    }


def _happened_document(happened: Exchange | StepDone) -> dict[str, Any]:
    if isinstance(happened, StepDone):
        return {"step": happened.step, "rows": happened.rows, "took_ms": round(happened.took_ms, 1)}
    return {
        "step": happened.step,
        "method": happened.method,
        "address": happened.address,
        "request_headers": shown_headers(happened.request_headers),
        "request_body": happened.request_body.decode("utf-8", "replace"),
        "status": happened.status,
        "reply_headers": shown_headers(happened.reply_headers),
        "reply_body": happened.reply_body.decode("utf-8", "replace"),
        "took_ms": round(happened.took_ms, 1),
        "error": happened.error,
    }


def _record_document(one: TracedConnector, mapped: MappedRecord) -> dict[str, Any]:
    record = _plain(mapped.record)
    return {
        "row": mapped.row,
        "record": record,
        "rules": {path: _rule(one, path) for path, _ in flat(record) if path.partition(".")[0] not in _FILLED},
        "left_out": [{"field": field, "reason": reason} for field, reason in mapped.left_out],
    }
