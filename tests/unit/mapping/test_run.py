"""Records through mappings."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.domain.customer import Address, Case, Email, Kind, Money, Order, Phone, Product
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.mapping.errors import FieldProblemError, MappingRunError
from hub.mapping.mapping import load_mapping
from tests.unit.mapping.conftest import HEAD, MapOne


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0042", "0042"),
        (42, "42"),
        (True, "true"),
        (12.0, "12"),
        (12.5, "12.5"),
        (1e21, "1000000000000000000000"),
        (Decimal("12.10"), "12.10"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 11, 21), "2026-11-21"),
        ("  Vogt\u202e\x00\n Petra\t", "Vogt  Petra"),
        ("", ""),
        (None, ""),
        ("x" * 10_000, "x" * 4_000),
        (["a", "b"], "a"),
        ([None, "", "b"], "b"),
        ([], ""),
    ],
)
def test_text(map_one: MapOne, value: Any, expected: str) -> None:
    """Leading zeros stay, numbers keep their digits, control characters go, of several values the first counts."""
    assert expected == map_one("title: v", {"v": value}).title


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"a": 1}, "an object"),
        ([["a"]], "a list"),
        (b"4711", "binary data"),
        (float("nan"), "finite"),
        (10**400, "too long"),
        (Decimal("1E+999999"), "finite|too long"),
        (object(), "no plain value"),
    ],
)
def test_what_is_no_text(map_one: MapOne, value: Any, kind: str) -> None:
    """A value that a field can't take is named by mapping, field and kind, never shown."""
    with pytest.raises(MappingRunError, match=rf"field title: .*({kind})") as raised:
        map_one("title: v", {"v": value})
    assert "4711" not in raised.value.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-11-21T23:30:00Z", date(2026, 11, 21)),
        ("2026-11-21T23:30:00.1234567+01:00", date(2026, 11, 21)),
        ("20261121", date(2026, 11, 21)),
        ("20261121083000", date(2026, 11, 21)),
        ("/Date(1492041600000)/", date(2017, 4, 13)),
        ("/Date(1492041600000+0120)/", date(2017, 4, 13)),
        ("/Date(-86400000)/", date(1969, 12, 31)),
        (date(2026, 11, 21), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 8, tzinfo=UTC), date(2026, 11, 21)),
        ("9999-12-31", date(9999, 12, 31)),
        ("00000000", None),
        ("0000-00-00", None),
        ("0000-01-01", None),
        ("00.00.0000", None),
        ("/Date(-62135596800000)/", None),
        ("0001-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(map_one: MapOne, value: Any, expected: date | None) -> None:
    """Dates as SAP, XML and JSON write them; what stands for no date is missing."""
    record = map_one("orders: [{fields: {id: {const: x}, ordered_on: d}}]", {"d": value})
    assert expected == record.orders[0].ordered_on


@pytest.mark.parametrize(
    "value", ["soon", "2026-13-45", "31.12.2026", "/Date(99999999999999999)/", "/Date(x)/", 5, "20261345", True]
)
def test_what_is_no_date(map_one: MapOne, value: Any) -> None:
    """A text that is no date is an error with the forms that were tried."""
    with pytest.raises(MappingRunError, match=r"field orders.ordered_on: the text is no date in the form iso or odata"):
        map_one("orders: [{fields: {id: {const: x}, ordered_on: d}}]", {"d": value})


def test_dates_in_a_pattern_and_a_zone(tmp_path: Path) -> None:
    """A site's own pattern is read in the zone that it names."""
    file = tmp_path / "m.yaml"
    file.write_text(
        "source: t\nversion: 1\ntarget: interaction\nfields:\n  id: {const: x}\n  channel: {const: order}\n"
        "  subject: {const: s}\n  customer.emails: {const: a@b.example}\n"
        "  at: {from: d, date: {formats: ['%d.%m.%Y %H:%M', odata], zone: Europe/Berlin}}\n"
    )
    mapping = load_mapping(file)
    for text, expected in (("21.11.2026 08:30", "07:30"), ("/Date(1795248000000)/", "07:00")):
        made = mapping.run_feed({"d": text}, system="shop", region="DE")
        assert isinstance(made, Interaction)
        assert expected == made.at.astimezone(UTC).strftime("%H:%M")


def test_phones(map_one: MapOne) -> None:
    """Numbers become E.164 by the site's region or the rule's; what nobody can dial stays readable or goes."""
    fields = "phones: {each: p, fields: {number: {from: n, phone: true}, label: l}}"
    numbers = ["0351 5550123", "+49 351 5550123", "1-800-FLOWERS 12345678901234", "ext. 22", "unknown", "", None]
    record = map_one(fields, {"p": [{"n": number} for number in numbers]})
    assert ["+493515550123", "1-800-FLOWERS 12345678901234", "ext. 22"] == [phone.number for phone in record.phones]
    chinese = map_one("phones: {fields: {number: {from: n, phone: CN}}}", {"n": "138 0013 8000"})
    assert (Phone(number="+8613800138000"),) == chinese.phones


def test_sources(map_one: MapOne) -> None:
    """Values come from the first path that has one, an expression, a constant, or several joined."""
    record = map_one(
        """
        name.full: {from: [a, b, c]}
        title: {expr: "people[?role=='boss'].title | [0]"}
        tier: {const: gold}
        owner: {join: [first, {from: middle}, {const: "!"}, last], with: "-"}
        language: {from: missing, default: de}
        """,
        {"a": None, "b": "", "c": "C", "people": [{"role": "boss", "title": "CEO"}], "first": "A", "last": "Z"},
    )
    assert ("C", "CEO", "gold", "A-!-Z", "de") == (
        record.name.full, record.title, record.tier, record.owner, record.language,
    )  # fmt: skip


def test_tables_cases_and_emails(map_one: MapOne) -> None:
    """Codes are translated, unknown ones stay or become the default; letters change; addresses come out bare."""
    fields = """
        kind: {from: k, table: {1: individual, 2: org}, default: individual}
        tier: {from: t, table: {A: gold}}
        language: {from: l, case: lower}
        emails: {each: e, fields: {address: {from: "@", email: true, case: lower}}}
        """
    record = map_one(fields, {"k": "2", "t": "Z", "l": "DE", "e": ["Petra <P@X.example>", "none", "p@x.example"]})
    assert (Kind.ORG, "Z", "de", (Email(address="p@x.example"),)) == (
        record.kind, record.tier, record.language, record.emails,
    )  # fmt: skip
    assert Kind.INDIVIDUAL is map_one(fields, {"k": "9"}).kind


def test_lists_of_sections(map_one: MapOne) -> None:
    """Items are chosen by conditions, filled by rules of their own, and reach out to the whole record by $."""
    record = map_one(
        """
        orders:
          each: items
          where: {status: {not: [C, ""]}, number: {present: true}, type: OR}
          fields: {id: number, status: status, currency: $.currency}
        cases:
          - {each: open, fields: {id: n}}
          - {each: closed, fields: {id: n, open: {const: false}}}
        addresses: {each: {expr: "a[?main]"}, fields: {street: s}}
        """,
        {
            "currency": "EUR",
            "items": [
                {"number": "1", "status": "A", "type": "OR"},
                {"number": "2", "status": "C", "type": "OR"},
                {"number": "3", "type": "OR"},
                {"status": "A", "type": "OR"},
                {"number": "5", "status": "A", "type": "QT"},
                None,
            ],
            "open": {"n": "1"},
            "closed": [{"n": "2"}, {"n": None}],
            "a": [{"main": True, "s": "X"}, {"main": False, "s": "Y"}],
        },
    )
    assert (Order(id="1", status="A", currency="EUR"),) == record.orders
    assert (Case(id="1"), Case(id="2", open=False)) == record.cases
    assert (Address(street="X"),) == record.addresses


def test_own_fields_and_ids(map_one: MapOne) -> None:
    """A site's own fields and the ids of other systems go by name; empty ones are left out."""
    record = map_one("extra.blocked: b\nids: {erp: e, shop: s}", {"b": True, "e": 7})
    assert ({"blocked": "true"}, {"erp": "7"}) == (record.extra, record.ids)


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("X", True), ("false", False), (0, False), (None, True), ("", True)]
)
def test_truth(map_one: MapOne, value: Any, expected: bool) -> None:
    """Truth as JSON, XML and SAP write it; what is missing is the field's default."""
    assert expected is map_one("cases: [{fields: {id: {const: x}, open: o}}]", {"o": value}).cases[0].open


def test_wrong_truth_and_choice(map_one: MapOne) -> None:
    """A text that is no truth value, and a code that is no choice, tell the way out: a table."""
    with pytest.raises(MappingRunError, match=r"field cases.open: needs true or false.*table"):
        map_one("cases: [{fields: {id: {const: x}, open: o}}]", {"o": "maybe"})
    with pytest.raises(MappingRunError, match=r"field kind: needs one of individual, org; a `table`"):
        map_one("kind: k", {"k": "person"})


def test_hostile_records(map_one: MapOne) -> None:
    """Long lists are cut, deep ones and expressions that don't fit are errors with the field's name."""
    many = map_one("orders: {each: o, fields: {id: i}}", {"o": [{"i": n} for n in range(10_000)]})
    assert 500 == len(many.orders)
    with pytest.raises(MappingRunError, match="field title: the expression can't be applied"):
        map_one('title: {expr: "sum(v)"}', {"v": ["secret"]})
    with pytest.raises(MappingRunError, match="the record is no object"):
        map_one("title: v", ["not", "an", "object"])


def test_who_filled_it(tmp_path: Path) -> None:
    """A record carries system, mapping with version, and when it was fetched."""
    file = tmp_path / "site" / "crm.yaml"
    file.parent.mkdir()
    file.write_text(f"{HEAD}  id: id\n".replace("version: 1", "version: 1.2"))
    at = datetime(2026, 11, 21, tzinfo=UTC)
    record = load_mapping(file).run_customer({"id": 5}, system="crm", region="DE", at=at)
    assert ("crm", "5", "site/crm@1.2", at) == (record.system, record.id, record.mapping, record.fetched_at)


def test_an_interaction(tmp_path: Path) -> None:
    """A message becomes an interaction with its customer's references; one that names nobody is an error."""
    file = tmp_path / "m.yaml"
    file.write_text(
        "source: t\nversion: 1\ntarget: interaction\nfields:\n  id: id\n  channel: {const: email}\n  at: at\n"
        "  subject: s\n  customer: {phones: {from: tel, phone: true}, ids: {erp: n}}\n"
    )
    mapping = load_mapping(file)
    message = {"id": 1, "at": "2026-11-21T08:00:00Z", "s": "Hi", "tel": ["0351 5550123", ""], "n": "7"}
    made = mapping.run_feed(message, system="mail", region="DE")
    assert isinstance(made, Interaction)
    assert CustomerRef(phones=("+493515550123",), ids={"erp": "7"}) == made.customer
    assert ("mail", Channel.EMAIL, datetime(2026, 11, 21, 8, tzinfo=UTC)) == (made.source, made.channel, made.at)
    assert made == mapping.run(message, system="mail", region="DE")
    with pytest.raises(MappingRunError, match="names no customer"):
        mapping.run_feed({**message, "tel": None, "n": None}, system="mail", region="DE")
    with pytest.raises(MappingRunError, match="field subject: is required"):
        mapping.run_feed({**message, "s": ""}, system="mail", region="DE")
    with pytest.raises(MappingRunError, match="makes interactions, but a customer is wanted"):
        mapping.run_customer(message, system="mail", region="DE")


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("unix", 1741300200, date(2025, 3, 6)),
        ("unix", "1741300200.5", date(2025, 3, 6)),
        ("unix_ms", 1741300200000, date(2025, 3, 6)),
        ("{formats: unix, zone: Asia/Shanghai}", 1741300200, date(2025, 3, 7)),
        ("[iso, unix]", Decimal(1741300200), date(2025, 3, 6)),
        ("unix", 0, None),
    ],
)
def test_dates_counted_from_1970(map_one: MapOne, form: str, value: Any, expected: date | None) -> None:
    """Seconds and milliseconds since 1970, on the day that it is in the rule's zone; 0 is no date."""
    record = map_one(
        f"orders: {{each: o, fields: {{id: i, ordered_on: {{from: d, date: {form}}}}}}}", {"o": [{"i": 1, "d": value}]}
    )
    assert [expected] == [order.ordered_on for order in record.orders]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(amounts)", "15.60"),
        ("sum(amounts[?@ > `5`])", "12.10"),
        ("avg(amounts)", "7.80"),
        ("max(amounts)", "12.10"),
        ("sort_by(orders, &total)[0].no", "2"),
        ("max_by(orders, &total).no", "1"),
        ("to_number(total)", "12.10"),
        ("to_number(text)", "3.50"),
        ("to_number(word)", "none"),
        ("to_string(total)", "12.10"),
        ("type(total)", "number"),
        ("sum([total, `0.5`])", "12.60"),
        ("abs(negative)", "1.10"),
    ],
)
def test_expressions_keep_amounts_exact(map_one: MapOne, expression: str, expected: str) -> None:
    """JMESPath's functions take a backend's decimal numbers as numbers, and lose no digit of them."""
    record = {
        "amounts": [Decimal("12.10"), Decimal("3.50")],
        "orders": [{"no": 1, "total": Decimal("12.10")}, {"no": 2, "total": Decimal("3.50")}],
        "total": Decimal("12.10"),
        "negative": Decimal("-1.10"),
        "text": "3.50",
        "word": "NaN",
    }
    assert expected == map_one(f'title: {{expr: "{expression}", default: none}}', record).title


def test_one_wrong_value_does_not_cost_the_customer(tmp_path: Path) -> None:
    """Who collects what is left out gets the rest of the record, and each wrong value's field and reason."""
    (tmp_path / "m.yaml").write_text(
        f"{HEAD}  id: id\n  name.full: n\n  kind: k\n"
        "  orders: {each: o, fields: {id: i, ordered_on: d}}\n  phones: {each: p, fields: {number: '@'}}\n"
    )
    mapping = load_mapping(tmp_path / "m.yaml")
    row = {"id": "1", "n": "Vogt", "k": "alien", "o": [{"i": 1, "d": "soon"}, {"i": 2, "d": "2026-11-21"}], "p": [{}]}
    left_out: list[FieldProblemError] = []
    record = mapping.run_customer(row, system="crm", region="DE", left_out=left_out)
    assert ("Vogt", [("1", None), ("2", date(2026, 11, 21))], ()) == (
        record.name.full,
        [(order.id, order.ordered_on) for order in record.orders],
        record.phones,
    )
    assert {"kind", "orders.ordered_on", "phones.number"} == {problem.field for problem in left_out}
    with pytest.raises(MappingRunError, match="field id: needs a plain value, but found a list"):
        mapping.run_customer({**row, "id": [[]]}, system="crm", region="DE", left_out=[])
    with pytest.raises(MappingRunError, match="field kind"):
        mapping.run_customer(row, system="crm", region="DE")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("[net, tax]", "119.00"),
        ("'items[].price'", "0.30"),
        ("['items[].price', net, {expr: 'multiply(tax, `2`)'}, {const: 0.5}]", "138.80"),
        ("credit", "-12.10"),
        ("[net, missing, empty]", "100.00"),
        ("long", "12345678901234567890123456789012345678901.01"),
        ("missing", ""),
        ("[]", ""),
    ],
)
def test_sums(map_one: MapOne, rule: str, expected: str) -> None:
    """Numbers of a list or of several fields are added exactly, the missing ones left out; of none there is no sum."""
    record = {
        "net": "100.00",
        "tax": Decimal("19.00"),
        "items": [{"price": "0.1"}, {"price": 0.2}, {"price": None}, {}],
        "credit": "12.10-",
        "empty": "",
        "long": ["12345678901234567890123456789012345678901", "0.01"],
    }
    assert Decimal(expected or 0) == Decimal(map_one(f"title: {{sum: {rule}}}", record).title or 0)
    assert bool(expected) is bool(map_one(f"title: {{sum: {rule}}}", record).title)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.234,50", "needs numbers to add up, as in 1234.50"),
        ("1,234.50", "needs numbers to add up"),
        ("4711 EUR", "needs numbers to add up"),
        ("-1-", "needs numbers to add up"),
        (True, "true or false"),
        ({"a": 1}, "an object"),
        (float("inf"), "finite"),
        (Decimal("1E+999999"), "too long"),
    ],
)
def test_what_can_not_be_added(map_one: MapOne, value: Any, reason: str) -> None:
    """What is no plain number is told by its kind, and not guessed at."""
    with pytest.raises(MappingRunError, match=rf"field title: .*{reason}") as raised:
        map_one("title: {sum: [a, b]}", {"a": 1, "b": value})
    assert "4711" not in raised.value.message


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("divide(cents, `100`)", "1249.5"),
        ("round(divide(cents, `7`), `2`)", "17850.00"),
        ("round(multiply(price, quantity), `2`)", "36.30"),
        ("multiply(to_number(text), `0.1`)", "0.35"),
        ("round(`2.5`, `0`)", "3"),
    ],
)
def test_calculating(map_one: MapOne, expression: str, expected: str) -> None:
    """Cents become amounts, prices totals; what is rounded is rounded as in a shop."""
    record = {"cents": 124_950, "price": Decimal("12.10"), "quantity": 3, "text": "3.5"}
    assert expected == map_one(f'title: {{expr: "{expression}"}}', record).title


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("replace(codes[?starts_with(@, 'CASE-')] | [0], 'CASE-', '')", "4711"),
        ("replace(codes[?starts_with(@, 'X-')] | [0], 'X-', '')", ""),
        ("replace(codes[1], 'a', 'bb')", "bbbb-1"),
    ],
)
def test_replacing(map_one: MapOne, expression: str, expected: str) -> None:
    """What stands around a case's number goes, so that every channel names it alike; of nothing comes nothing."""
    assert expected == map_one(f'title: {{expr: "{expression}"}}', {"codes": ["CASE-4711", "aa-1"]}).title


def test_what_can_not_be_replaced(map_one: MapOne) -> None:
    """Nothing, which stands everywhere; and what would grow beyond what one mapping may take."""
    with pytest.raises(MappingRunError, match="field title: the expression can't be applied"):
        map_one("title: {expr: \"replace(a, '', 'b')\"}", {"a": "a"})
    grown = "a"
    for _ in range(12):
        grown = f"replace({grown}, 'a', b)"
    with pytest.raises(MappingRunError, match=r"field title: .*work"):
        map_one(f'title: {{expr: "{grown}"}}', {"a": "a", "b": "a" * 100})


@pytest.mark.parametrize("divisor", [0, 0.0, Decimal("0.00"), Decimal("-0")])
def test_dividing_by_zero(map_one: MapOne, divisor: Any) -> None:
    """A division by zero is refused with the mapping, the field and the reason."""
    with pytest.raises(MappingRunError, match=r"^mapping .*/m, field extra.price: the expression divides by zero$"):
        map_one('extra.price: {expr: "divide(total, quantity)"}', {"total": 12, "quantity": divisor})


XML_FIELDS = """
    title: Name
    phones: {each: Phones.Phone, fields: {number: "@", label: "@type"}}
    orders: {each: Order, fields: {id: Id, amount: Amount, currency: "Amount.@currency", open: Open, due_on: Due}}
    emails: {each: {expr: "to_array(Mail)"}, fields: {address: "@"}}
    tier: {from: "Order[0].Id"}
    """


@pytest.mark.parametrize("text_name", ["#text", "_value_1"])
def test_xml_and_soap(map_one: MapOne, text_name: str) -> None:
    """An element that comes once maps as one that comes twice, text beside attributes as text alone, nil as nothing."""
    order = {"Id": "1", "Amount": {text_name: "12.10", "@currency": "EUR"}, "Open": "false", "Due": None}
    once = {
        "Name": {text_name: "Petra", "@lang": "de"},
        "Phones": {"Phone": {text_name: "123", "@type": "work"}},
        "Order": order,
        "Mail": "a@b.example",
    }
    twice = {
        "Name": "Petra",
        "Phones": [{"Phone": [{text_name: "123", "@type": "work"}]}, {"Phone": None}, None],
        "Order": [order, order, None],
        "Mail": ["a@b.example"],
    }
    for record in (once, twice):
        made = map_one(XML_FIELDS, record)
        assert "Petra" == made.title
        assert (Phone(number="123", label="work"),) == made.phones
        assert (Order(id="1", amount="12.10", currency="EUR", open=False),) == made.orders
        assert (Email(address="a@b.example"),) == made.emails
        assert "1" == made.tier


@pytest.mark.parametrize(
    "wrong",
    [None, True, 7, "text", [], [None], [[]], {}, {"Order": []}, ["a", {"b": None}, 3], Decimal("NaN"), "X" * 10**7],
)
def test_another_shape_than_expected(map_one: MapOne, wrong: Any) -> None:
    """Lists where objects are expected, the reverse, and anything else: left out, or an error that names the field."""
    fields = "orders: {each: o.items, fields: {id: i.n, status: $.s.t}}\ntitle: a.b.c\nname.full: n.f"
    try:
        record = map_one(fields, {"o": wrong, "a": {"b": wrong}, "s": wrong, "n": wrong})
    except MappingRunError as error:
        assert error.field in {"orders.id", "orders.status", "title", "name.full"}  # noqa: PT017 - either will do
    else:
        assert ((), "", "") == (record.orders, record.title, record.name.full)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0800-FLOWERS", "0800-FLOWERS"), ("call Bob", None), ("0800 3569377", "+498003569377"), ("---", None)],
)
def test_phones_with_letters(map_one: MapOne, value: str, expected: str | None) -> None:
    """Letters are no digits: a number that holds some stays readable and is nobody's, words alone are no number."""
    record = map_one("phones: {fields: {number: {from: p, phone: true}}}", {"p": value})
    assert ([] if expected is None else [expected]) == [phone.number for phone in record.phones]


def test_times_at_the_ends_of_the_calendar(tmp_path: Path) -> None:
    """A time that has no UTC is refused, as is 31 February; two digits are a near year."""
    file = tmp_path / "m.yaml"
    file.write_text(
        "source: t\nversion: 1\ntarget: interaction\nfields:\n  id: {const: x}\n  channel: {const: order}\n"
        "  subject: {const: s}\n  customer.emails: {const: a@b.example}\n  at: {from: d, date: [iso, '%d.%m.%y']}\n"
    )
    mapping = load_mapping(file)
    for text in ("9999-12-31T23:59:59-12:00", "2026-02-31", "31.02.26", "0000-00-00", "0001-01-01T00:00:00"):
        with pytest.raises(MappingRunError, match="field at: "):
            mapping.run_feed({"d": text}, system="shop", region="DE")
    made = mapping.run_feed({"d": "22.11.26"}, system="shop", region="DE")
    assert isinstance(made, Interaction)
    assert 2026 == made.at.year


def test_a_list_of_sections_by_their_essential_field(map_one: MapOne) -> None:
    """Where one text makes a section, the text is enough; what can be done to a value can be done to it as well."""
    record = map_one(
        """
        products: {from: "b[].name"}
        phones: [{from: office, phone: true}, {each: more, where: {kind: tel}, from: no, phone: true}]
        emails: mail
        """,
        {
            "b": [{"name": "Fibre"}, {"name": None}, {"name": "Mobile"}, {"name": "Fibre"}],
            "office": "0351 5550123",
            "more": [{"kind": "tel", "no": "0351 5550124"}, {"kind": "fax", "no": "0351 5550125"}],
        },
    )
    assert (Product(name="Fibre"), Product(name="Mobile")) == record.products
    assert (Phone(number="+493515550123"), Phone(number="+493515550124")) == record.phones
    assert () == record.emails


def test_parts_of_a_customer_that_are_optional(map_one: MapOne) -> None:
    """Money comes by its amount or not at all; preferences have the names that the mapping gives them."""
    record = map_one(
        """
        value: {amount: worth, currency: {const: EUR}}
        balance.amount: owed
        preferences.channel: by
        preferences.time: at
        """,
        {"worth": 12.5, "by": "email"},
    )
    assert Money(amount="12.5", currency="EUR") == record.value
    assert record.balance is None
    assert {"channel": "email"} == record.preferences
