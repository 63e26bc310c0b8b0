"""In what encoding a message is: who says so, and what a byte that does not fit gets."""

import pytest

from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, found_in, records

NAMES = {
    "gbk": "张伟",
    "gb18030": "张伟€𠮷",
    "shift_jis": "山田ソ能",
    "cp932": "髙橋①",
    "latin-1": "Jürgen Groß",
    "cp037": "JÜRGEN GROß",
    "cp500": "JÜRGEN [1]",
    "utf-16": "Jürgen 张伟",
    "utf-16-be": "Jürgen 张伟",
    "utf-8": "Jürgen 张伟",
    "euc-kr": "김민수",
    "big5": "許功蓋",
    "iso2022_jp": "山田",
}


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("form", ["csv", "json", "json_lines", "xml", "fixed_width"])
def test_every_format_reads_every_encoding(form: str, encoding: str) -> None:
    """Characters come out as they were meant, those among them whose bytes are ASCII's delimiters."""
    name = NAMES[encoding]
    feed = feed_of(format=form, encoding=encoding, **_layout(form))

    (found,) = found_in(feed, _written(form, name).encode(encoding))

    assert name == found.record["name"]
    (again,) = found_in(feed, found.original)
    assert found.record == again.record


def _layout(form: str) -> dict[str, object]:
    fields = {"id": {"start": 1, "length": 2}, "name": {"start": 3, "length": 20}}
    return {"fixed_width": {"fields": fields}} if form == "fixed_width" else {}


def _written(form: str, name: str) -> str:
    return {
        "csv": f'id,name\r\n1,"{name}"\r\n',
        "json": f'{{"id": 1, "name": "{name}"}}',
        "json_lines": f'{{"id": 1, "name": "{name}"}}\n',
        "xml": f"<customer>\n<name>{name}</name></customer>",
        "fixed_width": f"1 {name}\n",
    }[form]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("\ufeffä".encode(), "text/csv; charset=latin-1", "ä"),
        ("\ufeffä".encode("utf-16-le"), "text/csv; charset=latin-1", "ä"),
        ("\ufeffä".encode("utf-16-be"), "", "ä"),
        ("ä".encode(), 'text/csv; charset="UTF-8"', "ä"),
        ("ä".encode("cp1252"), "text/csv; header=present; Charset=windows-1252", "ä"),
        ("张".encode("gbk"), "text/csv", "张"),
    ],
)
def test_who_says_in_what_encoding_csv_is(body: bytes, content_type: str, expected: str) -> None:
    """A byte order mark counts most, then the Content-Type's charset, then the feed's encoding."""
    mark = next((mark for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") if body.startswith(mark)), b"")
    feed = feed_of(format="csv", encoding="gb18030", csv={"header": False, "columns": ["a"]})

    (found,) = found_in(feed, body, content_type)

    assert {"a": expected} == found.record
    assert mark == found.original[: len(mark)]


@pytest.mark.parametrize(
    ("document", "written_in", "content_type"),
    [
        ('<?xml version="1.0" encoding="GBK"?><a>张</a>', "gbk", "text/xml"),
        ('<?xml version="1.0" encoding="Latin-1"?><a>张</a>', "gbk", "text/xml; charset=gbk"),
        ('\ufeff<?xml version="1.0" encoding="GBK"?><a>张</a>', "utf-8", "text/xml; charset=gbk"),
        ('<?xml version="1.0"?><a>张</a>', "shift_jis", ""),
        ("<a>张</a>", "shift_jis", "application/xml"),
        ('<?xml version="1.0" encoding="utf-16"?><a>张</a>', "shift_jis", ""),
        ('<?xml version="1.0" encoding="utf-16"?><a>张</a>', "utf-16-le", ""),
        ('<?xml version="1.0"?><a>张</a>', "utf-16-be", ""),
    ],
)
def test_who_says_in_what_encoding_xml_is(document: str, written_in: str, content_type: str) -> None:
    """Mark, charset, declaration, the feed's; a declared UTF-16 in which the declaration is not counts nothing."""
    feed = feed_of(format="xml", encoding="shift_jis")

    (found,) = found_in(feed, document.replace("张", "山").encode(written_in), content_type)

    assert "山" == found.record["#text"]


def test_ebcdic_xml_is_known_by_its_first_bytes() -> None:
    """The declaration tells which EBCDIC, though the feed's encoding is another; NEL ends its lines."""
    document = '<?xml version="1.0" encoding="cp500"?>\x85<a>\x85<b>[x]</b></a>'.encode("cp500")

    assert [{"#element": "a", "b": "[x]"}] == records(found_in(feed_of(format="xml"), document))


@pytest.mark.parametrize(
    ("form", "body", "byte"),
    [
        ("csv", b"name\nx\ny\xffz\n", 9),
        ("json_lines", b'{"a": 1}\n{"a": "\xff"}\n', 17),
        ("json", b'{"name": "\xff"}', 11),
        ("fixed_width", b"1 x\n2 \xff\n", 7),
        ("xml", b"<a>" + b"x" * 70_000 + b"\xff</a>", 70_004),
    ],
)
def test_a_wrong_byte_is_told_by_its_place(form: str, body: bytes, byte: int) -> None:
    """Counted from 1 in the whole of what came, with who said that it is UTF-8."""
    reason = f"byte {byte} is not utf-8, as which the feed's `encoding` gives it"

    try:
        found = records(found_in(feed_of(format=form, **_layout(form)), body))
    except RefusedError as refusal:
        found = [refusal.reason]

    assert reason == found[-1]


def test_a_half_character_at_the_end_is_told() -> None:
    """A file that was cut within a character is not read as if nothing was missing."""
    (found,) = found_in(feed_of(format="xml"), "<a>ä</a>".encode()[:4])

    assert isinstance(found.record, RefusedError)
    assert "byte 4 is not utf-8" in found.record.reason


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_an_unknown_charset_is_refused_by_name(form: str) -> None:
    """Neither is one that only Python knows, and that costs time."""
    for name in ("klingon", "punycode", "rot13"):
        with pytest.raises(RefusedError, match=f"its Content-Type names an encoding that is not known: '{name}'"):
            found_in(feed_of(format=form), b"<a/>", f"text/plain; charset={name}")


def test_an_unknown_declared_encoding_is_refused_by_name() -> None:
    """As in the Content-Type."""
    with pytest.raises(RefusedError, match="its XML declaration names an encoding that is not known: 'klingon'"):
        found_in(feed_of(format="xml"), b'<?xml version="1.0" encoding="klingon"?><a/>')


@pytest.mark.parametrize(
    ("name", "text", "written_in"),
    [
        ("Windows-31J", "髙橋①", "cp932"),
        ("x-sjis", "山田ソ ﾔﾏﾀﾞ", "shift_jis"),
        ("x-gbk", "张伟", "gbk"),
        ("IBM-037", "GROß", "cp037"),
        ("IBM01140", "10 €", "cp1140"),
        ("x-IBM1026", "GÖKÇE", "cp1026"),
    ],
)
def test_names_that_other_systems_use_are_known(name: str, text: str, written_in: str) -> None:
    """IANA's, IBM's and Java's, where the standard library has another; in a header and in the configuration."""
    told = records(found_in(feed_of(format="csv"), f"name\n{text}\n".encode(written_in), f"text/csv; charset={name}"))
    configured = records(found_in(feed_of(format="csv", encoding=name), f"name\n{text}\n".encode(written_in)))

    assert [{"name": text}] == told == configured


def test_utf_16_that_nobody_tells_of_is_named() -> None:
    """JSON without a mark, in two bytes a character."""
    with pytest.raises(RefusedError, match="in UTF-16 without a byte order mark: set the feed's `encoding`"):
        found_in(feed_of(), "{}".encode("utf-16-le"))
