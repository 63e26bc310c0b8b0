"""What the configuration of a feed's format is checked for."""

from collections.abc import Callable

import pytest

from hub.config.model import Config
from hub.config.problem import ConfigError
from tests.unit.config.conftest import MINIMAL

Load = Callable[[str], Config]
FEED = MINIMAL + "bus: {url: 'amqp://h'}\ninbound:\n  shop: {mapping: feeds/order_shipped, %s}\n"
FIELDS = "fields: {id: {start: 1, length: 5}}"


def fixed(more: str) -> str:
    """Return a feed of fixed width with some more keys."""
    return f"format: fixed_width, fixed_width: {{{FIELDS}{more}}}"


@pytest.mark.parametrize(
    "keys",
    [
        "format: json, records: $",
        "format: json, records: data.items, id: no",
        "format: xml, records: '\"my orders\".order', encoding: gbk",
        "format: csv, csv: {delimiter: ;, header: false, columns: [a, b]}",
        fixed(", record_length: 80, only: {id: x}, pass_over: {id: [h, t]}"),
        "format: cloudevents, schemas: ['https://example.com/1']",
        "format: idoc, encoding: EBCDIC-CP-US",
    ],
)
def test_formats_are_configured(load: Load, keys: str) -> None:
    """Each with its own keys."""
    assert load(FEED % keys).inbound["shop"].mapping


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("encoding: klingon", "there is no encoding 'klingon'"),
        ("encoding: punycode", "there is no encoding 'punycode'"),
        ("encoding: base64", "there is no encoding 'base64'"),
        ("records: 'items[]'", "names alone, joined by dots"),
        ("records: '@'", "names alone, joined by dots"),
        ("records: 'a..b'", "can't read the path"),
        ("format: csv, records: a", "`records` is for json and xml: csv has its own"),
        ("format: xml, records: $", "in XML the records are elements"),
        ("format: xml, csv: {delimiter: ;}", "`csv` is for `format: csv`"),
        ("format: json, schemas: [a]", "`schemas` is for `format: cloudevents`"),
        ("format: csv, csv: {header: false}", "without a header line the columns have to be named here"),
        ("format: csv, csv: {columns: [a, a]}", "each column needs a name of its own"),
        ("format: fixed_width", "belong together"),
        (f"fixed_width: {{{FIELDS}}}", "belong together"),
        (
            fixed(", only: {ids: x}"),
            "there is no field 'ids'; did you mean 'id'?",
        ),
        (
            fixed(", unit: bytes, record_length: 4"),
            "the field ends at byte 5, the record at byte 4",
        ),
        (fixed(", record_length: 4"), "the field ends at character 5, the record at byte 4"),
        (fixed(", only: {id: too long}"), "no record has that: the field's length is 5"),
        (fixed(", pass_over: {ids: [x]}"), "there is no field 'ids'; did you mean 'id'?"),
        (fixed(", pass_over: {id: [x, too long]}"), "no record has that: the field's length is 5"),
    ],
)
def test_what_does_not_fit_is_told(load: Load, keys: str, message: str) -> None:
    """With its place, before any message comes."""
    with pytest.raises(ConfigError, match="inbound") as wrong:
        load(FEED % keys)
    assert message in str(wrong.value)
