"""SAP's IDocs as XML."""

import pytest

from hub.bus.refusal import RefusedError
from hub.domain.path import Path
from tests.unit.bus.formats.reading import feed_of, found_in, records

FEED = feed_of(format="idoc")


def idoc(number: str, segments: str, sender: str = "PRDCLNT100") -> str:
    """Return an IDoc of some segments."""
    return (
        '<IDOC BEGIN="1"><EDI_DC40 SEGMENT="1"><TABNAM>EDI_DC40</TABNAM><MANDT>100</MANDT>'
        f"<DOCNUM>{number}</DOCNUM><SNDPRN>{sender}</SNDPRN></EDI_DC40>{segments}</IDOC>"
    )


def test_several_idocs_of_one_message() -> None:
    """Each is a record, known by its number in its system."""
    body = f"<DEBMAS07>{idoc('0001', '<E1KNA1M><KUNNR>1</KUNNR></E1KNA1M>')}{idoc('0002', '')}</DEBMAS07>".encode()

    found = found_in(FEED, body)

    assert ["record 1", "record 2"] == [one.part for one in found]
    assert ["PRDCLNT100 100 0001", "PRDCLNT100 100 0002"] == [one.known_by for one in found]
    assert "1" == found[0].record["E1KNA1M"]["KUNNR"]
    (again,) = found_in(FEED, found[1].original)
    assert found[1].record == again.record


def test_an_idoc_may_stand_alone() -> None:
    """Some middleware leaves the message type's element out."""
    (found,) = found_in(FEED, idoc("7", "").encode())

    assert "7" == found.record["EDI_DC40"]["DOCNUM"]


@pytest.mark.parametrize("times", [1, 2])
def test_paths_do_not_care_how_often_a_segment_comes(times: int) -> None:
    """Once or repeated, the same path reads the first and the same path reads all."""
    segments = "".join(f"<E1EDKA1><PARVW>A{n}</PARVW></E1EDKA1>" for n in range(times))
    (found,) = found_in(FEED, f"<ORDERS05>{idoc('1', segments)}</ORDERS05>".encode())

    assert [f"A{n}" for n in range(times)] == Path("E1EDKA1[].PARVW").read_all(found.record)
    assert "A0" == Path("E1EDKA1[0].PARVW").read(found.record)
    assert "A0" == Path("E1EDKA1.PARVW").read_all(found.record)[0]


def test_an_idoc_without_a_number_is_known_by_its_message() -> None:
    """It is no reason to refuse it."""
    (found,) = found_in(FEED, b"<X><IDOC><E1X/></IDOC></X>")

    assert ("", {"#element": "IDOC", "E1X": None}) == (found.known_by, found.record)


def test_what_is_no_idoc_is_told() -> None:
    """With what it is instead."""
    with pytest.raises(RefusedError, match="there is no IDOC in it: its outermost element is 'orders'"):
        found_in(FEED, b"<orders><order/></orders>")
    assert ["the document is no XML, or breaks off, in line 1"] == records(found_in(FEED, b"EDI_DC40  100000"))
