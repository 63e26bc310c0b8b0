import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import phone
from hub.domain.phone import MAX_RAW_LENGTH, clean_text, is_region, mask_number, parse_number


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("+49 89 1234-5678", "DE", "+498912345678"),
        ("08912345678", "DE", "+498912345678"),
        ("004989 12345678", "DE", "+498912345678"),
        ("02012345678", "GB", "+442012345678"),
        ("13812345678", "CN", "+8613812345678"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("٠٨٩١٢٣٤٥٦٧٨", "DE", "+498912345678"),
        ("+49 89 12345678 ext. 5", "DE", "+498912345678"),
        ("tel:+49-89-12345678", "DE", "+498912345678"),
        ("0 11 15-3456-7890", "AR", "+5491134567890"),
    ],
)
def test_number_becomes_e164_with_the_sites_region(raw: str, region: str, e164: str) -> None:
    """National and international ways of writing a number give one E.164 number."""
    assert e164 == parse_number(raw, region).e164


@pytest.mark.parametrize("raw", ["", "anonymous", "Anonymous", "RESTRICTED", "<unknown>", "Unavailable", " private "])
def test_withheld_number_is_anonymous(raw: str) -> None:
    """Each way of withholding a number is told as anonymous, with nothing to look up."""
    number = parse_number(raw, "DE")
    assert (True, None) == (number.anonymous, number.e164)


@pytest.mark.parametrize(
    "raw",
    [
        *("1001", "abc", "+", "+49", "+999123456789", "9" * 500, "089\r\nAction: Logoff", "<script>", "٪", "+4989'--"),
        *("49301234567*)(uid=*", "0800 MICROSOFT", "+4930 901820 or 1", "1 OR 08912345678"),
    ],
)
def test_malformed_number_is_kept_readable_but_never_looked_up(raw: str) -> None:
    """What is no valid number has no E.164 form; its text is short and free of control characters."""
    number = parse_number(raw, "DE")
    assert number.e164 is None
    assert not number.anonymous
    assert len(number.raw) <= MAX_RAW_LENGTH
    assert number.raw.isprintable()


def test_control_and_bidi_characters_are_dropped() -> None:
    """A caller's name can't rearrange the screen."""
    assert "Maria rebuH" == clean_text("Ma\x00ria \u202erebuH\r\n")


def test_regions() -> None:
    """Only ISO codes with a numbering plan are regions."""
    assert [True, True, False, False] == [is_region(code) for code in ("DE", "CN", "XX", "de")]


def test_masked_number_keeps_no_way_back() -> None:
    """A number in a log shows only its country and its end; an extension stays."""
    assert "+49********78" == mask_number("+498912345678")
    assert "1001" == mask_number("1001")


@given(st.text(st.sampled_from("0123456789+-() ./_;,#*ab\u00e9\u0436\u0661\u00b2\u4e00\n"), max_size=64))
def test_only_a_text_with_a_letter_is_looked_at_for_letters(text: str) -> None:
    """The short look finds a letter wherever the long one would find digits before one."""
    if phone._UP_TO_A_LETTER.match(text):
        assert phone._LETTER.search(text)
