"""XML, whole or element by element."""

import pytest

from hub.bus.refusal import RefusedError
from hub.mapping.xml_documents import read_xml
from tests.unit.bus.formats.reading import feed_of, found_in, found_in_file, records

WHOLE = feed_of(format="xml")
ORDERS = feed_of(format="xml", records="orders.order")


def test_a_document_is_a_record_as_a_backends_reply_is() -> None:
    """One shape for both; the outermost element's name stands beside it, for feeds that bring several kinds."""
    document = b"""<?xml version="1.0"?><!-- x --><s:case xmlns:s="urn:s" s:no="7">
      <s:title lang="de">Kein Strom</s:title>
      <note>a</note><note>b</note><empty/></s:case>"""

    (found,) = found_in(WHOLE, document)

    assert {"#element": "case", **read_xml(document)} == found.record
    assert {"@no": "7", "note": ["a", "b"], "empty": None} == {
        name: found.record[name] for name in ("@no", "note", "empty")
    }
    assert ("", document) == (found.part, found.original)


@pytest.mark.parametrize("path", ["order", "orders.order"])
def test_records_are_found_with_or_without_the_outermost_element(path: str) -> None:
    """Namespaces don't count, other elements are passed over."""
    document = (
        b'<o:orders xmlns:o="urn:o"><head><order>0</order></head><o:order no="1"><x/></o:order> '
        b"<order><order>2</order></order></o:orders>"
    )

    found = found_in(feed_of(format="xml", records=path), document)

    assert [{"#element": "order", "@no": "1", "x": None}, {"#element": "order", "order": "2"}] == records(found)
    assert ["record 1", "record 2"] == [one.part for one in found]


def test_what_is_kept_of_a_record_is_the_same_record() -> None:
    """With its namespaces, references and odd characters, in the document's encoding."""
    document = (
        '<?xml version="1.0" encoding="gb18030"?><all xmlns="urn:a" xmlns:b="urn:b"><orders>'
        '<order a="&lt;&quot;&#10;x&#9;" b:c="张" xml:lang="zh">a&amp;b&#13;'
        '<b:n/><n xmlns="">]]&gt;€</n><![CDATA[<]]></order>'
        "</orders></all>"
    ).encode("gb18030")

    (found,) = found_in(ORDERS, document)
    (again,) = found_in(ORDERS, found.original)

    assert found.record == again.record
    assert found.original == again.original
    assert {"@a": '<"\nx\t', "@c": "张", "n": [None, "]]>€"], "#text": "a&b\r<"}.items() <= again.record.items()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"<orders><order>", "breaks off, in line 1"),
        (b"<orders>\n<order></orders>", "is no XML, or breaks off, in line 2"),
        (b"no XML", "in line 1"),
        (b'<!DOCTYPE o [<!ENTITY a "b">]><orders>&a;</orders>', "document type"),
        (b'<!DOCTYPE o SYSTEM "file:///etc/passwd"><orders/>', "document type"),
        (b"<orders>&unknown;</orders>", "in line 1"),
        (b"<a>" * 65 + b"</a>" * 65, "nested too deeply: at most 64 levels"),
        (b"<orders><order>" + b"<a>" * 63 + b"</a>" * 63 + b"</order></orders>", "nested too deeply"),
        (b" " * 200_000 + b"<orders/>", "no element begins within"),
        (b"<!--" + b"x" * 200_000, "no element begins within"),
    ],
)
def test_what_is_no_xml_or_too_much_of_it_is_refused(document: bytes, reason: str) -> None:
    """Told with the line; nothing is looked up, nothing grows."""
    (found,) = found_in(ORDERS, document)

    assert isinstance(found.record, RefusedError)
    assert reason in found.record.reason
    assert found.ends


def test_billion_laughs_are_not_told() -> None:
    """The first entity is one too many."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE o [<!ENTITY l0 "ha">{levels}]><orders>&l9;</orders>'.encode()

    assert ["the document holds a document type (DTD), which is refused"] == records(found_in(ORDERS, document))


def test_a_file_that_breaks_off_keeps_what_came_before() -> None:
    """What is behind can't be read; its place is told."""
    found = found_in_file(ORDERS, b"<orders>\n<order>1</order>\n<order>2</order>\n<order>3</or")

    assert ["record 1", "record 2", ""] == [one.part for one in found]
    assert "behind record 2: the document is no XML, or breaks off, in line 4" == records(found)[-1]
    assert found[-1].ends


def test_a_record_that_is_too_large_costs_itself() -> None:
    """Those around it count, and nothing of it stays."""
    feed = feed_of(format="xml", records="order", max_bytes=2_000)
    document = b"<o><order>1</order><order><a>%s</a></order><order>3</order></o>" % (b"<b>x</b>" * 100_000)

    found = found_in_file(feed, document)

    assert ["1", "3"] == [found[place].record["#text"] for place in (0, 2)]
    assert "record 2 is longer than the 2000 bytes that a record may have (max_bytes)" == records(found)[1]
    assert ("", b"") == (found[1].part, found[1].original)


def test_no_record_at_the_place_is_told_and_an_empty_list_is_none() -> None:
    """Or a mistake in `records` would make all messages vanish."""
    with pytest.raises(RefusedError, match=r"there is no orders.order in it: its outermost element is 'shop'"):
        found_in(ORDERS, b"<shop><order>1</order></shop>")
    assert [] == found_in(feed_of(format="xml", records="order"), b"<orders/>")


def test_a_file_that_is_one_record_has_a_messages_bound() -> None:
    """It would have to be held as a whole."""
    feed = feed_of(format="xml", max_bytes=2_000)

    assert ["1"] == [one["a"] for one in records(found_in_file(feed, b"<x><a>1</a></x>"))]
    with pytest.raises(RefusedError, match="the file has more than 2000 bytes, which is the most for XML that is one"):
        found_in_file(feed, b"<x>" + b" " * 2_000 + b"</x>")
