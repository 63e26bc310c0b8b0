"""Search in what the journal knows of customers: by whatever a person types."""

import msgspec
import pytest

from hub.domain.customer import CustomerRecord, Invoice, Name, Order, Product
from hub.domain.interaction import CustomerRef
from hub.domain.search import FoundBy, UnclaimedMatter
from hub.domain.store_place import StorePlace
from hub.journal import search_found
from hub.journal.customers_queries import search
from hub.journal.journal import Journal
from hub.journal.store import store_at
from tests.unit.journal.counted import Counted
from tests.unit.journal.customer_samples import company, found, opened, ordered, record, told

WANG = record("wang", "王小明", phone="+8613812345678")
MUELLER = record("mueller", "Jürgen Anton Müller-Lüdenscheidt", phone="+4930901820", email="J.Mueller@Example.com")
ACCENTS = record("renée", "Renée Ørsted O'Brien", phone="+33142685300")
SHAN = CustomerRecord(system="shop", id="shan", name=Name(given="雄信", surname="单"))
LV = record("lv", "吕布")
OUYANG = record("ouyang", "欧阳修")
BANK = company("bank", "上海浦东发展银行", phone="+862161618888")
VOGT = company("0042", "Vogt Maschinenbau GmbH")
EVERYBODY = (WANG, MUELLER, ACCENTS, SHAN, LV, OUYANG, BANK, VOGT)


@pytest.fixture
async def known(journal: Journal) -> Journal:
    """Give a journal that was told of everybody here."""
    for one in EVERYBODY[:-1]:
        journal.publish(told(one))
    await journal.append(told(EVERYBODY[-1]))
    return journal


QUERIES = {
    "030 901820": "mueller",
    "+49 (30) 90 18-20": "mueller",
    "0049 30 901820": "mueller",
    "tel:+4930901820": "mueller",
    "4930901820": "mueller",
    "01820": "mueller",
    "901820": "mueller",
    "+49 30 90": "mueller",
    "138 1234 5678": "wang",
    "müller": "mueller",
    "Mueller": "mueller",
    "muller": "mueller",
    "MÜLLER, Jürgen": "mueller",
    "juergen lued": "mueller",
    "lüd jür": "mueller",
    "anton mue jurg": "mueller",
    "renee": "renée",
    "Orsted ren": "renée",
    "oersted": "renée",
    "obrien": "renée",
    "o'brien renee": "renée",
    "王小": "wang",
    "小明": "wang",
    "wang xiaoming": "wang",
    "xiaoming wang": "wang",
    "Wang Xiao": "wang",
    "wangxiaoming": "wang",
    "wang xiao ming": "wang",
    "wxm": "wang",
    "xmw": "wang",
    "shan xiongxin": "shan",
    "dan xiongxin": "shan",
    "单雄": "shan",
    "lv bu": "lv",
    "lü bu": "lv",
    "lu bu": "lv",
    "lyubu": "lv",
    "ouyang xiu": "ouyang",
    "oyx": "ouyang",
    "浦东": "bank",
    "pudong": "bank",
    "shanghai pudong": "bank",
    "shpdfzyh": "bank",
    "vogt": "0042",
    "vogt gmbh": "0042",
    "maschinenbau vogt": "0042",
    "j.muel": "mueller",
    "J.Mueller@example.com": "mueller",
    "j.mueller@exa": "mueller",
    "example.com": "mueller",
    "@example.com": "mueller",
    "0042": "0042",
    "42": "0042",
}


async def test_a_customer_is_found_however_one_is_typed(known: Journal) -> None:
    """Numbers in any writing and by their end; names in any order, folded, begun; pinyin; addresses; ids."""
    assert {text: [who] for text, who in QUERIES.items()} == {text: await found(known, text) for text in QUERIES}


async def test_what_is_nobodys_finds_nobody(known: Journal) -> None:
    """Neither wildcards nor quotes nor too little of a number mean anything; a text of nothing is none."""
    for text in ("1820", "%", "_", "m%ller", "' OR 1=1 --", "wang müller", "\x00", " ", "\u202e", "zzz", "王大", "@"):
        assert [] == await found(known, text), text


async def test_why_a_record_was_found_is_told(known: Journal) -> None:
    """By what, and what of the record it is: as it stands there."""
    expected = {
        "030 901820": (FoundBy.PHONE, "+4930901820", True),
        "01820": (FoundBy.PHONE_END, "+4930901820", False),
        "mue ant": (FoundBy.NAME, "Jürgen Anton Müller-Lüdenscheidt", False),
        "wxm": (FoundBy.INITIALS, "王小明", True),
        "wangx": (FoundBy.PINYIN, "王小明", False),
        "example.com": (FoundBy.EMAIL, "J.Mueller@Example.com", False),
        "42": (FoundBy.RECORD_ID, "0042", True),
        "vogt": (FoundBy.NAME, "Vogt Maschinenbau GmbH", False),
    }
    told_why = {}
    for text in expected:
        (one,) = (await known.customers.search(text, region="DE")).records
        told_why[text] = (one.by, one.text, one.is_exact)
    assert expected == told_why


async def test_orders_and_cases_find_whose_they_are(known: Journal) -> None:
    """By their number, in a record or told alone; who is known by an order only is what the order says."""
    await known.append(ordered("B-4711/1", CustomerRef(ids={"shop": "wang"})))
    await known.append(opened("T 99", CustomerRef(phones=("+4930901820",))))
    await known.append(ordered("B-4712", CustomerRef(ids={"shop": "new"}, phones=("+4989123",))))
    own = msgspec.structs.replace(LV, orders=(Order(id="X-1000"),))
    await known.append(told(own, at=1))
    for text, who, by in (
        ("b-4711/1", "wang", FoundBy.ORDER),
        ("b47111", "wang", FoundBy.ORDER),
        ("T99", "mueller", FoundBy.CASE),
        ("B-4712", "new", FoundBy.ORDER),
        ("x1000", "lv", FoundBy.ORDER),
    ):
        (one,) = (await known.customers.search(text, region="DE")).records
        assert (who, by, True) == (one.record.id, one.by, one.is_exact)


async def test_invoices_products_and_contracts_find_whose_they_are(journal: Journal) -> None:
    """By the number on the bill, on the product's plate and on the contract, begun or whole."""
    lv = msgspec.structs.replace(
        LV,
        invoices=(Invoice(id="R-2026/0815"),),
        products=(Product(name="Pump", serial_number="SN 00-77 123"), Product(name="Service plan", id="V-4400")),
    )
    await journal.append(told(lv, at=1))
    expected = {
        "r-2026/0815": (FoundBy.INVOICE, "R-2026/0815", True),
        "R2026": (FoundBy.INVOICE, "R-2026/0815", False),
        "sn0077123": (FoundBy.PRODUCT, "SN 00-77 123", True),
        "V 4400": (FoundBy.PRODUCT, "V-4400", True),
    }
    told_why = {}
    for text in expected:
        (one,) = (await journal.customers.search(text, region="DE")).records
        told_why[text] = (one.by, one.text, one.is_exact)
    assert expected == told_why


async def test_a_number_is_found_without_its_beginning(journal: Journal) -> None:
    """What stands before the digits is left out by who reads a number out; the whole of it goes before its end."""
    await journal.append(told(msgspec.structs.replace(LV, id="C-20077", orders=(Order(id="CMD-77001"),))))
    await journal.append(told(record("77001", "Anna Huber")))
    await journal.append(ordered("ORD-2026-0004712", CustomerRef(ids={"shop": "77001"})))
    await journal.append(told(record("3", "Bert Kunz", system="0035g00000AB1234CD")))
    for text, who in {
        "77001": ["77001", "C-20077"],
        "20077": ["C-20077"],
        "0004712": ["77001"],
        "4712": ["77001"],
        "2026-0004712": ["77001"],
        "20260004": ["77001"],
        "001": [],
        "7001": [],
        "1234": [],
        "CMD-7700": ["C-20077"],
        "ORD 77001": [],
    }.items():
        assert who == await found(journal, text), text
    (first, second) = (await journal.customers.search("77001", region="DE")).records
    assert [(FoundBy.RECORD_ID, "77001", True), (FoundBy.ORDER, "CMD-77001", False)] == [
        (one.by, one.text, one.is_exact) for one in (first, second)
    ]


async def test_an_order_of_somebody_without_a_record_is_told_with_what_is_known(journal: Journal) -> None:
    """Nobody's id is named and no record has the number: the order is found alone; once there is a record it is its."""
    whose = CustomerRef(phones=("+4989123",), emails=("a@huber.example",))
    await journal.append(ordered("B-4713", whose))
    for text, is_exact in (("B-4713", True), ("4713", False)):
        found_now = await journal.customers.search(text, region="DE")
        unclaimed = UnclaimedMatter(by=FoundBy.ORDER, text="B-4713", system="shop", customer=whose, is_exact=is_exact)
        assert ((), (unclaimed,)) == (found_now.records, found_now.unclaimed)
    await journal.append(told(record("new", "Nina Huber", phone="+4989123"), at=1))
    found_now = await journal.customers.search("B-4713", region="DE")
    assert (["new"], ()) == ([one.record.id for one in found_now.records], found_now.unclaimed)


async def test_the_surest_come_first_and_more_is_told(journal: Journal) -> None:
    """Who is called just that before whose name begins so; with more than fit it is said that there are more."""
    for number in range(5):
        await journal.append(told(record(f"a{number}", f"Annabell {number}"), at=number))
    await journal.append(told(record("anna", "Anna"), at=9))
    assert ["anna", "a0"] == await found(journal, "anna", limit=2)
    few = await journal.customers.search("anna", region="DE", limit=2)
    every = await journal.customers.search("anna", region="DE", limit=6)
    assert [True, False] == [few.has_more, every.has_more]
    assert ["anna", "a0", "a1", "a2", "a3", "a4"] == await found(journal, "anna", limit=6)


async def test_a_word_that_very_many_have_is_looked_through_in_part(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many and no more; that others may fit is said."""
    monkeypatch.setattr(search_found, "MOST_TERMS", 3)
    monkeypatch.setattr(search_found, "MOST_TELLINGS", 3)
    for number in range(5):
        await journal.append(told(record(f"{number}", f"Maximilian Beta{number} {number} Huber"), at=number))
    partly = await journal.customers.search("maximilian hub", region="DE")
    assert (3, True) == (len(partly.records), partly.has_more)
    whole = await journal.customers.search("beta1 hub", region="DE")
    assert (["1"], False) == ([one.record.id for one in whole.records], whole.has_more)


async def test_of_several_words_the_rarest_is_looked_through(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has it is found, however many have the longer ones; of one that nobody has nothing is looked through."""
    monkeypatch.setattr(search_found, "MOST_TERMS", 3)
    monkeypatch.setattr(search_found, "MOST_TELLINGS", 3)
    for number in range(5):
        await journal.append(told(record(f"{number}", f"Maximilian Beta{number} Huber"), at=number))
    works = msgspec.structs.replace(record("7", "Maximilian Huber"), organization="Zeche GmbH")
    await journal.append(told(record("6", "Maximilian Zoe Huber"), at=6))
    await journal.append(told(works, at=7))
    for text, who in (("maximilian hub zo", ["6"]), ("maximilian zec", ["7"]), ("maximilian hub nob", [])):
        looked = await journal.customers.search(text, region="DE")
        assert (who, False) == ([one.record.id for one in looked.records], looked.has_more)


async def test_a_person_is_found_together_with_the_company(journal: Journal) -> None:
    """Some of the words are of the one, some of the other."""
    person = msgspec.structs.replace(record("1", "Petra Vogt"), organization="Hartmann & Söhne GmbH")
    await journal.append(told(person))
    await journal.append(told(record("2", "Petra Vogt")))
    await journal.append(told(msgspec.structs.replace(record("3", "王小明"), organization="上海浦东发展银行")))
    assert [["1"], ["3"]] == [await found(journal, text) for text in ("vogt hartm", "王小明 浦东")]


async def test_who_was_renamed_or_deleted_is_not_found_by_the_old_name(known: Journal) -> None:
    """Terms go with what was told before."""
    await known.append(told(record("wang", "王大明"), at=1))
    await known.append(told(record("lv"), at=1, deleted=True))
    assert [[], ["wang"], []] == [await found(known, text) for text in ("wang xiaoming", "wdm", "lv bu")]


async def test_a_search_asks_a_server_rarely(journal: Journal, place: StorePlace) -> None:
    """What a number, a name or an order may mean is asked for together, and so is whose all the orders found are."""
    orders = [ordered(f"4711-{number}", one.ref()) for number, one in enumerate((MUELLER, VOGT, WANG))]
    await journal.append_all([*(told(one) for one in EVERYBODY), *orders])
    connection = store_at(place).open_reader()
    ways = {}
    for text in ("030901820", "030 901820", "juergen lued", "4711"):
        counted = Counted(connection)
        assert search(counted, text, "DE", 20).records
        ways[text] = counted.ways
    connection.close()
    assert {"030901820": 2, "030 901820": 3, "juergen lued": 5, "4711": 3} == ways
