"""Bad input, from its bytes to the receipt: a dead letter that says why, nothing else held up, all of it replayed."""

from pathlib import Path
from typing import Any

import pytest

from hub.domain.inbound import DeadLetterState, InboundMessage, Transport
from hub.mapping.mapping import load_mapping
from tests.unit.bus.feed_house import MAPPING, NAME, feed_house

REPLAYED = DeadLetterState.REPLAYED
GOOD, ALSO_GOOD = (
    f'{{"number": "{number}", "time": "2026-03-01T10:00:00Z", "text": "x", "mail": "a@example.com"}}' for number in "12"
)
XML = "<o><number>{}</number><time>2026-03-01T10:00:00Z</time><text>x</text><mail>a@example.com</mail></o>"
CSV = "number,time,text,mail\n1,2026-03-01T10:00:00Z,x,a@example.com\n{}\n2,2026-03-01T10:00:00Z,y,a@example.com\n"


def handed_in(body: bytes, **said: Any) -> InboundMessage:
    """Return a message of a queue."""
    return InboundMessage(body=body, transport=Transport.QUEUE, **said)


@pytest.mark.parametrize(
    ("section", "body", "recorded", "said"),
    [
        (
            {"format": "xml", "records": "o"},
            f"<a>{XML.format(1)}<o><num",
            0,
            ("", "behind record 1: the document is no"),
        ),
        (
            {"format": "csv"},
            CSV.format("3,2026-03-01T10:00:00Z,a,b,a@example.com"),
            2,
            ("line 3", "has 5 fields where 4"),
        ),
        (
            {"format": "json", "records": "$"},
            f'[{GOOD}, {{"number": "3"}}, {ALSO_GOOD}]',
            2,
            ("record 2", "is required"),
        ),
        ({"format": "json_lines"}, f'{GOOD}\n{{"number": \n{ALSO_GOOD}\n', 2, ("line 2", "is not JSON")),
    ],
)
async def test_a_bad_part_costs_itself(
    tmp_path: Path, section: dict[str, Any], body: str, recorded: int, said: tuple[str, str]
) -> None:
    """With its place and reason in the receipt and in the letter, which holds that part alone."""
    part, reason = said
    async with feed_house(tmp_path, **section) as house:
        receipt = await house.reception.take(NAME, handed_in(body.encode()))

        assert (recorded, 1) == (receipt.recorded, receipt.dead)
        assert part == receipt.refused[0].part
        assert reason in receipt.refused[0].reason
        letter = await house.letter(receipt.refused[0].dead_letter)
        assert (part, receipt.refused[0].reason) == (letter.part, letter.reason)
        assert (letter.body == body.encode()) == (part == "")


async def test_wrong_encodings_are_told_by_the_byte(tmp_path: Path) -> None:
    """What was sent in GBK to a feed in UTF-8; the letter holds the bytes as they came."""
    body = GOOD.replace('"x"', '"张"').encode("gbk")
    async with feed_house(tmp_path) as house:
        receipt = await house.reception.take(NAME, handed_in(body))
        assert (
            f"byte {1 + body.index(0xD5)} is not utf-8, as which the feed's `encoding` gives it"
            == receipt.refused[0].reason
        )
        assert body == (await house.letter(receipt.refused[0].dead_letter)).body
    async with feed_house(tmp_path, encoding="gbk") as house:
        assert 1 == (await house.reception.take(NAME, handed_in(body))).recorded


async def test_one_id_for_two_records_of_a_message(tmp_path: Path) -> None:
    """The second is refused if it says something else, and known if it says the same."""
    other = ALSO_GOOD.replace('"2"', '"1"').replace('"x"', '"other"')
    async with feed_house(tmp_path, format="json_lines", id="number") as house:
        receipt = await house.reception.take(NAME, handed_in(f"{GOOD}\n{GOOD}\n{other}\n".encode()))

        assert (1, 1, 1) == (receipt.recorded, receipt.duplicates, receipt.dead)
        assert ("line 3", True) == (receipt.refused[0].part, "said something else" in receipt.refused[0].reason)


@pytest.mark.parametrize(
    ("section", "body"),
    [
        (
            {"format": "csv", "csv": {"skip_lines": 1}, "encoding": "gb18030"},
            "报告\n" + CSV.format("3,01.03.2026,z,b@c.example"),
        ),
        (
            {"format": "xml", "records": "o", "encoding": "gb18030"},
            f"<a>{XML.format(1)}{XML.format(3).replace('2026-03-01T10:00:00Z', '01.03.2026')}{XML.format(2)}</a>",
        ),
        (
            {"format": "json", "records": "$"},
            f"[{GOOD}, {GOOD.replace('2026-03-01T10:00:00Z', '01.03.2026')}, {ALSO_GOOD}]",
        ),
    ],
)
async def test_a_part_is_replayed_alone_once_the_mapping_is_right(
    tmp_path: Path, section: dict[str, Any], body: str
) -> None:
    """It is the event that it would have been; the whole message, sent again, brings nothing new then."""
    message = handed_in(body.encode(section.get("encoding", "utf-8")))
    async with feed_house(tmp_path, **section) as house:
        receipt = await house.reception.take(NAME, message)
        assert (2, 1, "at") == (receipt.recorded, receipt.dead, receipt.refused[0].field)

        house.mapping.write_text(MAPPING.replace("at: time", 'at: {from: time, date: {formats: [iso, "%d.%m.%Y"]}}'))
        assert load_mapping(house.mapping)
        await house.replay(receipt.refused[0].dead_letter)

        assert REPLAYED == (await house.letter(receipt.refused[0].dead_letter)).state
        assert 3 == len(house.told)
        house.feeds.refresh(NAME)
        again = await house.reception.take(NAME, message)
        assert (0, 3, 0) == (again.recorded, again.duplicates, again.dead)
