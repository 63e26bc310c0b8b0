"""One event as one line for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hub.cli.tap_filter import TappedEvent
from hub.domain.phone import clean_text

MAX_LINE = 300


def line_of(event: TappedEvent) -> str:
    """Return time, type, subject, and what is to be known at a glance."""
    document = event.document
    kind = str(document.get("type", "?")).removeprefix("cti.")
    data = document.get("data")
    words = " ".join(_words(kind, data if isinstance(data, dict) else {}))
    return clean_text(
        f"{_time(document.get('time'))}  {kind:26}  {document.get('subject', '')}  {words}", MAX_LINE
    ).rstrip()


def _time(text: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return "--:--:--.---"
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3]


def _words(kind: str, data: dict[str, Any]) -> list[str]:
    words = _WORDS.get(kind) or _WORDS.get(kind.partition(".")[0])
    return words(data) if words else []


def _connector(data: dict[str, Any]) -> list[str]:
    return [str(data.get("connector", "")), str(data.get("reason", ""))]


def _write_back(data: dict[str, Any]) -> list[str]:
    return [*_connector(data)[:1], str(_section(data, "entry").get("kind", "")), *_connector(data)[1:]]


def _changed(what: str) -> Callable[[dict[str, Any]], list[str]]:
    def words(data: dict[str, Any]) -> list[str]:
        one = _section(data, what)
        told = one.get("status") or data.get("change") or "changed"
        return [str(data.get("system") or one.get("system") or ""), str(one.get("id", "")), str(told)]

    return words


def _interaction(data: dict[str, Any]) -> list[str]:
    return [str(data.get(key, "")) for key in ("source", "channel", "subject")]


def _call(data: dict[str, Any]) -> list[str]:
    call, connection = _section(data, "call"), _section(data, "connection")
    words = [_number(call, "caller"), "->", str(call.get("queue") or _number(call, "called"))]
    if connection:
        words += [str(connection.get("device", "")), str(connection.get("state", ""))]
        if connection.get("agent"):
            words.append(f"agent {connection['agent']}")
    if data.get("cause"):
        words.append(f"cause {data['cause']}")
    if data.get("digit"):
        words.append(f"digit {data['digit']}")
    return words


def _agent(data: dict[str, Any]) -> list[str]:
    agent = _section(data, "agent")
    return [f"{key} {agent[key]}" for key in ("state", "reason") if agent.get(key)]


def _context(data: dict[str, Any]) -> list[str]:
    customers = data.get("customers")
    names = (
        [_name(customer) for customer in customers if isinstance(customer, dict)] if isinstance(customers, list) else []
    )
    answers = data.get("answers")
    told = [
        f"{answer.get('connector')}={answer.get('problem') or answer.get('state')}"
        for answer in (answers if isinstance(answers, list) else [])
        if isinstance(answer, dict)
    ]
    return [_number(data, "phone"), ", ".join(names) or "nobody known", *told]


def _name(customer: dict[str, Any]) -> str:
    name = _section(_section(customer, "name"), "value")
    return str(name.get("full") or _section(customer, "organization").get("value") or "a customer without name")


def _command(data: dict[str, Any]) -> list[str]:
    command, result = _section(data, "command"), _section(data, "result")
    return [
        str(command.get("type") or command.get("kind") or ""),
        str(result.get("refusal") or result.get("message") or ""),
    ]


def _number(data: dict[str, Any], key: str) -> str:
    number = _section(data, key)
    return str(number.get("e164") or number.get("raw") or "unknown")


def _section(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


_WORDS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "call": _call,
    "agent": _agent,
    "customer": _context,
    "connector": _connector,
    "interaction": _interaction,
    "command": _command,
    "write_back": _write_back,
    "order": _changed("order"),
    "case": _changed("case"),
    "customer.changed": _changed("customer"),
}
