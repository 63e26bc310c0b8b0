"""All backends' readers, while connectors come, change and go."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from connectors.base import ConnectorError
from hub.config.outbound import OutboundSection
from hub.domain.customer import Problem
from hub.domain.writeback import WriteKind
from hub.mapping.errors import MappingError
from hub.outbound import reader
from hub.outbound.outbound import Backend
from tests.unit.outbound.site import CALLS, Keeper, Site, call, cleared, context, known
from tests.waiting import eventually

DOWN = ConnectorError(Problem.UNREACHABLE, "crm: no connection")
NOTES = {"on": ["cti.call.cleared"], "write": "note", "mapping": "crm/calls", "without_customer": "write"}
MAPPING = "source: x\nversion: 1\ntarget: write_back\nfields: {subject: data.call.queue}\n"


async def calls(site: Site, *numbers: int) -> None:
    for number in numbers:
        await site.happened(context(number, known()), cleared(number))


async def settled(site: Site, *names: str) -> None:
    await eventually(lambda: {one.connector for one in site.outbound.figures()} == set(names), "the readers there are")


async def test_another_connector_takes_over_what_waits(site: Site) -> None:
    """Its address was corrected: what the old one could not be given the new one gets, at once."""
    site.rules(CALLS)
    site.crm.is_down = DOWN
    site.clock.stops_at = 2
    await site.start()
    await calls(site, 1, 2)
    await eventually(lambda: len(site.clock.waits) == 2)
    corrected = Keeper("crm")
    site.rules(CALLS, connector=corrected)
    site.outbound.swapped()
    await site.dealt_with()
    assert ([], ["main-1", "main-2"]) == (site.crm.ids, corrected.ids)


async def test_other_rules_count_from_now_on(site: Site) -> None:
    """A rule is added while the hub runs; its mapping is read, and told if it can't be."""
    site.rules(CALLS)
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    site.rules(CALLS, NOTES)
    site.outbound.swapped()
    await calls(site, 2)
    await site.dealt_with()
    assert [WriteKind.ACTIVITY, WriteKind.ACTIVITY] == [entry.kind for entry in site.crm.kept.values()]
    (site.folder / "crm").mkdir()
    (site.folder / "crm/calls.yaml").write_text(MAPPING)
    site.outbound.swapped()
    await calls(site, 3)
    await site.dealt_with()
    assert ("support", "main-3") == next(
        (entry.subject, entry.id) for entry in site.crm.kept.values() if entry.kind is WriteKind.NOTE
    )


@pytest.mark.parametrize("text", [None, MAPPING.replace("write_back", "customer").replace("subject", "id"), "x: ["])
async def test_a_rule_without_a_usable_mapping_stops_the_start(site: Site, text: str | None) -> None:
    """In plain words, before anything is written."""
    if text is not None:
        (site.folder / "crm").mkdir()
        (site.folder / "crm/calls.yaml").write_text(text)
    site.rules(NOTES)
    with pytest.raises(MappingError):
        await site.start()


async def test_backends_come_and_go(site: Site) -> None:
    """A new one begins at the end; one that was taken out and put back goes on where it stood."""
    site.rules(CALLS)
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    erp, crm = Keeper("erp"), site.backends.pop("crm")
    site.rules(CALLS, connector=erp)
    site.outbound.swapped()
    await settled(site, "erp")
    await site.happened(context(2, msgspec.structs.replace(known(), ids={"crm": "C-1", "erp": "E-1"})), cleared(2))
    await site.dealt_with("erp")
    site.backends["crm"] = crm
    site.outbound.swapped()
    await settled(site, "crm", "erp")
    await site.dealt_with()
    assert (["main-1", "main-2"], ["main-2"]) == (site.crm.ids, erp.ids)


async def test_who_can_not_be_written_to_is_not_read_for(site: Site) -> None:
    """No reader, no place in the journal, nothing in the status."""
    archive = Keeper("archive", writes=())
    site.backends["archive"] = Backend(archive, OutboundSection())
    site.rules(CALLS)
    await site.start()
    await settled(site, "crm")
    assert archive.status() == site.status("archive")


async def test_one_backend_that_is_down_holds_up_no_other(site: Site) -> None:
    """Each has a place of its own."""
    site.rules(CALLS)
    erp = Keeper("erp")
    site.rules({**CALLS, "without_customer": "write"}, connector=erp)
    site.crm.is_down = DOWN
    site.clock.stops_at = 1
    await site.start()
    await calls(site, 1, 2, 3)
    await site.dealt_with("erp")
    assert (["main-1", "main-2", "main-3"], []) == (erp.ids, site.crm.ids)
    assert [("crm", 5, 0), ("erp", 0, 3)] == [
        (one.connector, one.behind, one.written) for one in site.outbound.figures()
    ]


async def test_a_dead_letter_is_written_after_all(site: Site) -> None:
    """Through the same rules, under the same id; why it still can't be is told."""
    site.rules({**CALLS, "write": "note"}, CALLS, attempts=1)
    site.crm.refused = {"main-1": ConnectorError(Problem.FAULT, "crm: too long")}
    await site.start()
    await calls(site, 1, 2)
    await site.dealt_with()
    assert [2, 2] == [len(site.dead), len(site.crm.kept)]
    note = next(letter for letter in site.dead if letter.part == "note")
    assert "crm: too long" == await site.outbound.replay(note)
    site.crm.refused = {}
    assert "" == await site.outbound.replay(note)
    assert {(WriteKind.NOTE, "main-1"), (WriteKind.NOTE, "main-2"), (WriteKind.ACTIVITY, "main-2")} == set(
        site.crm.kept
    )


async def test_what_can_not_be_replayed(site: Site) -> None:
    """The backend is gone, the rule is gone, the event is none: each in words."""
    site.rules(CALLS, attempts=1)
    site.crm.refused = {"main-1": ConnectorError(Problem.FAULT, "crm: too long")}
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    [letter] = site.dead

    async def told(**changes: object) -> str:
        return await site.outbound.replay(msgspec.structs.replace(letter, **changes))

    assert "there is no backend 'erp' any more that could be written to" == await told(origin="/connector/erp")
    assert "no rule of crm writes this event any more" == await told(part="case")
    assert (await told(body=b"{")).startswith("the event can't be read: ")


async def test_what_no_rule_wants_is_not_even_decoded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand steps of calls go by a rule on another type."""
    decoded: list[bytes] = []
    monkeypatch.setattr(reader, "decode_event", decoded.append)
    site.rules({"on": ["cti.interaction.*"]})
    await site.start()
    step = cleared(1)
    await asyncio.gather(
        *(site.journal.append(msgspec.structs.replace(step, id=f"e-{number}")) for number in range(1000))
    )
    await site.dealt_with()
    assert ({}, [], 0) == (site.counts(), site.dead, len(decoded))


async def test_who_writes_a_call_s_activity_by_a_rule(site: Site) -> None:
    """Told by name, for those who would write it otherwise."""
    site.rules(CALLS)
    site.rules({**CALLS, "write": "note"}, connector=Keeper("erp"))
    await site.start()
    assert {"crm"} == site.outbound.writes_activity_of(call(), is_over=True)
