"""What a receipt tells of many records."""

from datetime import UTC, datetime

from hub.bus.tally import MAX_NAMED, Tally
from hub.domain.inbound import DeadLetter, Transport


def letter(number: int, part: str) -> DeadLetter:
    """Return a dead letter of some part."""
    return DeadLetter(
        id=f"d{number}", origin="/feed/a", at=datetime.now(UTC), reason="r", transport=Transport.FOLDER, part=part
    )


def test_what_is_said_of_the_whole_is_told_however_many_parts_there_are() -> None:
    """Or a file that breaks off behind many bad lines would pass for one that was read to its end."""
    tally, more = Tally(), Tally()
    for number in range(2 * MAX_NAMED):
        tally.dead(letter(number, f"line {number}"))
    more.dead(letter(9_999, ""))
    tally.join(more.receipt())

    receipt = tally.receipt()

    assert (2 * MAX_NAMED + 1, MAX_NAMED) == (receipt.dead, len(receipt.refused))
    assert ["d9999", "d0", "d1"] == [refused.dead_letter for refused in receipt.refused[:3]]
