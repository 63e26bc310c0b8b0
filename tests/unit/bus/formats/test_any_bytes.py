"""Whatever bytes come, a reader finds records or says why not; and what is kept of a record is found again."""

from io import BytesIO
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.bus.formats.readers import reader_of
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage, Transport
from tests.unit.bus.formats.reading import feed_of

LAYOUT = {"fields": {"a": {"start": 1, "length": 3}, "b": {"start": 3, "length": 5}}}
FEEDS: dict[str, InboundFeed] = {
    "json": feed_of(),
    "json batch": feed_of(records="a"),
    "json lines": feed_of(format="json_lines", max_bytes=1_024),
    "xml": feed_of(format="xml"),
    "xml batch": feed_of(format="xml", records="a.b"),
    "csv": feed_of(format="csv", max_bytes=1_024),
    "csv without quotes": feed_of(format="csv", csv={"header": False, "columns": ["a", "b"], "quote": None}),
    "fixed width": feed_of(format="fixed_width", fixed_width=LAYOUT),
    "fixed bytes": feed_of(format="fixed_width", fixed_width={**LAYOUT, "unit": "bytes", "record_length": 7}),
    "idoc": feed_of(format="idoc"),
    "cloudevents": feed_of(format="cloudevents"),
    "email": feed_of(format="email"),
}
ENCODINGS = ["utf-8", "gb18030", "gbk", "shift_jis", "cp037", "utf-16", "utf-32-be", "iso2022_jp", "hz", "utf-8-sig"]
CONTENT_TYPES = [
    "",
    "application/json",
    "text/xml; charset=gbk",
    "text/csv;charset=utf-16",
    "application/cloudevents+json",
]
SNIPPETS = [
    *("{", "}", "[", "]", '"', ",", ":", "\n", "\r\n", "\x85", "\x1a", "\0", " ", ";", "ä", "张", "𠮷", "1e999"),
    *("<a>", "</a>", "<b>", "</b>", "<IDOC>", "</IDOC>", "<EDI_DC40>", "<DOCNUM>1</DOCNUM>", "&amp;", "&#xd;", "<!--"),
    *('<?xml version="1.0" encoding="gbk"?>', '<?xml version="1.0" encoding="utf-16"?>', "<!DOCTYPE a>", "<![CDATA["),
    *('"a"', '"b"', '"id":"1"', '"source":"/s"', '"type":"t"', '"specversion":"1.0"', '"data_base64":"eA=="', "a,b"),
    *("From: a@example.com\n", "Content-Type: multipart/mixed; boundary=b\n", "\n--b\n", "=?gbk?b?1cU=?=", "> "),
]
TEXTS = st.lists(st.sampled_from(SNIPPETS), max_size=30).map("".join)
BODIES = st.one_of(
    st.binary(max_size=200),
    TEXTS.map(str.encode),
    st.builds(lambda text, encoding: text.encode(encoding, errors="replace"), TEXTS, st.sampled_from(ENCODINGS)),
    st.builds(lambda text, cut: text.encode()[:cut], TEXTS, st.integers(0, 50)),
)


@pytest.mark.parametrize("name", FEEDS)
@settings(max_examples=80, deadline=None)
@given(BODIES, st.sampled_from(ENCODINGS), st.sampled_from(CONTENT_TYPES))
def test_any_bytes_are_found_or_refused(name: str, body: bytes, encoding: str, content_type: str) -> None:
    """In a message and in a file alike; a record that was found is found again in what is kept of it."""
    feed = FEEDS[name].model_copy(update={"encoding": encoding})
    headers = (
        {"ce-id": "1", "ce-source": "/x", "ce-type": "t", "ce-specversion": "1.0"}
        if content_type[:6] == "text/x"
        else {}
    )
    message = InboundMessage(body=body, transport=Transport.HTTP, content_type=content_type, headers=headers)
    reader = reader_of(feed)
    outcomes: list[Any] = []
    for is_file in (False, True):
        try:
            found = list(reader.found_in(BytesIO(body), message) if is_file else reader.found(message))
        except RefusedError as refusal:
            assert refusal.reason  # noqa: PT017 - either outcome is right, a silent refusal is not
            outcomes.append(refusal.reason)
            continue
        outcomes.append([(one.part, _said(one.record)) for one in found])
        for one in found:
            if not isinstance(one.record, RefusedError):
                again = msgspec.structs.replace(message, body=one.original)
                assert [one.record] == [same.record for same in reader.found(again)]
    assert outcomes[0] == outcomes[1]


def _said(record: Any) -> Any:
    return record.reason if isinstance(record, RefusedError) else record
