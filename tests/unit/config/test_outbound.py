"""What is written to a backend by itself: every mistake of a rule with its place."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli.mapping_use import mapping_problems
from hub.config.load import load_config
from hub.config.outbound import OutboundRule, event_types
from hub.config.problem import ConfigError
from hub.domain.event import EventType

HEAD = """\
hub: {region: DE}
pbx: {main: {host: h, username: u, secret: s}}
connectors:
  crm:
    kind: rest
    url: https://crm.example/api
    mapping: feeds/order_shipped
    operations:
      by_phone: {key: phone, steps: [{name: found, path: /customers, params: {phone: {from: query.e164}}}]}
    writes:
      activity:
        steps: [{name: made, method: PUT, path: "/calls/{id}", values: {id: {from: entry.id}}, idempotent: true}]
    outbound:
"""
Problems = Callable[..., list[str]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Return what is wrong with a section `outbound`, by line and column within it."""

    def told(section: str, head: str = HEAD) -> list[str]:
        file = tmp_path / "ctihub.yaml"
        file.write_text(head + textwrap.indent(section, "      "))
        try:
            config = load_config(file, {})
        except ConfigError as error:
            found = list(error.problems)
        else:
            of_rules = ("outbound", "write_back", "the rule is `on`")
            found = [one for one in mapping_problems(config, file) if any(words in one.message for words in of_rules)]
        return [f"{problem.line - head.count(chr(10))}:{problem.column - 6}: {problem.message}" for problem in found]

    return told


def test_what_is_right(problems: Problems) -> None:
    """All there is to say."""
    assert [] == problems(
        "rules:\n"
        "  - on: [cti.call.cleared]\n"
        '    when: {call.direction: inbound, call.outcome: [answered, abandoned], "call.connections[0].agent": alice}\n'
        "    without_customer: write\n"
        '  - {on: [cti.interaction.*, cti.order.changed], when: {customer.ids.shop: "1", extra.vip: true}}\n'
        "retry_min_s: 2\n"
        "retry_max_s: 60\n"
        "attempts: 3\n"
        "give_up_after_h: 48\n"
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("rules: [{on: [cti.agent.ready]}]", "1:15: connectors.crm.outbound.rules[0].on[0]: must be an event type"),
        (
            "rules: [{on: [cti.call.clear]}]",
            "1:15: connectors.crm.outbound.rules[0].on[0]: there are no events 'cti.call.clear'; did",
        ),
        (
            "rules: [{on: [cti.call.cleared], when: {call.direktion: inbound}}]",
            "1:41: connectors.crm.outbound.rules[0].when.call.direktion: no event that the rule is `on` has",
        ),
        (
            "rules: [{on: [cti.order.changed], when: {call.direction: inbound}}]",
            "1:42: connectors.crm.outbound.rules[0].when.call.direction: no event",
        ),
        (
            "rules: [{on: [cti.call.cleared], write: note}]",
            "1:34: connectors.crm.outbound.rules[0].write: note can't be written to this connector: it has",
        ),
        (
            "rules: [{on: [cti.customer.changed]}]",
            "1:15: connectors.crm.outbound.rules[0].on[0]: what is to be written on cti.customer.changed",
        ),
        ("rules: [{on: []}]", "1:14: connectors.crm.outbound.rules[0].on: "),
        (
            "{retry_min_s: 10, retry_max_s: 5}",
            "1:19: connectors.crm.outbound.retry_max_s: must be at least retry_min_s",
        ),
        ("{rule: []}", "1:2: unknown key 'rule' in connectors.crm.outbound; did you mean 'rules'?"),
        ("rules: [{on: [cti.call.cleared], mapping: no/such}]", "1:43: there is no mapping 'no/such'"),
        (
            "rules: [{on: [cti.call.cleared], mapping: feeds/order_shipped}]",
            "1:43: mapping 'feeds/order_shipped' makes interactions, but write_backs are needed here",
        ),
    ],
)
def test_every_mistake_has_its_place(problems: Problems, section: str, told: str) -> None:
    """Where the integrator has to look, and in words."""
    [problem] = problems(section)
    assert problem.startswith(told), problem


def test_what_needs_a_customer_is_not_written_without_one(problems: Problems) -> None:
    """Each of these would end as a dead letter."""
    head = HEAD.replace("      activity:\n", "      activity:\n        needs: [customer]\n")
    assert [] == problems("rules: [{on: [cti.call.cleared]}]", head)
    [problem] = problems("rules: [{on: [cti.call.cleared], without_customer: write}]", head)
    assert problem.endswith("`writes.activity` needs a customer: nothing would be written without one")


def test_what_can_not_be_written_to_at_all(problems: Problems) -> None:
    """A file of customers takes no activities."""
    head = HEAD[: HEAD.index("    kind")] + (
        "    kind: csv\n    file: customers.csv\n    mapping: feeds/order_shipped\n"
        "    operations: {by_phone: {key: phone, columns: [phone]}}\n    outbound:\n"
    )
    [problem] = problems("rules: [{on: [cti.call.cleared]}]", head)
    assert problem.endswith("activity can't be written to this connector: it has nothing under `writes`")


@pytest.mark.parametrize(
    "path",
    [
        "@",
        "kind",
        "call",
        "call.customer_number.e164",
        "call.caller.e164",
        "call.variables.ANY",
        "call.transfers[].by_agent",
    ],
)
def test_which_paths_a_call_s_end_has(path: str) -> None:
    """Fields of the domain, names of channel variables, items of lists; a property is no field."""
    has = path != "call.customer_number.e164"
    try:
        OutboundRule.model_validate({"on": ["cti.call.cleared"], "when": {path: ""}})
    except ValueError:
        assert not has
    else:
        assert has


@pytest.mark.parametrize("value", ["inbund", ["inbound", "inbund"]])
def test_a_value_that_never_stands_there_is_told(problems: Problems, value: object) -> None:
    """Of what the hub itself names, as a call's direction; a rule that waits for another one never fires."""
    [problem] = problems(f"rules: [{{on: [cti.call.cleared], when: {{call.direction: {json.dumps(value)}}}}}]")
    assert problem.endswith("'inbund' is never at 'call.direction'; did you mean 'inbound'?")


def test_what_no_event_has_can_not_be_mapped(problems: Problems, tmp_path: Path) -> None:
    """Of all the events that the rule is `on`; the attributes beside the data count as well."""
    (tmp_path / "mappings/own").mkdir(parents=True)
    mapping = "source: x\nversion: 1\ntarget: write_back\nfields: {subject: data.%s, note: subject}\n"
    section = "rules: [{on: [cti.order.*], write: activity, mapping: own/wb}]"
    (tmp_path / "mappings/own/wb.yaml").write_text(mapping % "order.idd")
    [problem] = problems(section)
    assert problem.startswith("1:55: mapping 'own/wb' reads 'data.order.idd' for the field 'subject', but no event")
    (tmp_path / "mappings/own/wb.yaml").write_text(mapping % "order.id")
    assert [] == problems(section)


def test_what_a_pattern_means() -> None:
    """One event's type, or all of a kind."""
    assert {EventType.CALL_CLEARED} == event_types("cti.call.cleared")
    assert {
        EventType.CUSTOMER_CHANGED,
        EventType.CUSTOMER_CONTEXT_UPDATED,
        EventType.CUSTOMER_ERASED,
        EventType.CUSTOMER_IDENTITY_DECIDED,
    } == event_types("cti.customer.*")
    assert frozenset() == event_types("cti.call.clear")
