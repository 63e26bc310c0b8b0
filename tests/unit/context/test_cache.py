"""What is kept of backends' answers, for how long and how much of it; the clock is the test's."""

from __future__ import annotations

from hub.context.cache import AnswerCache, Lifetimes
from hub.domain.customer import CustomerRecord, Name

LIFETIMES = Lifetimes(fresh_s=60, stale_s=600, negative_s=10)
MARIA = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"))
KEY = ("sap", "+498912345678")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def cache(clock: Clock, *, entries: int = 100, max_bytes: int = 1_000_000) -> AnswerCache:
    return AnswerCache(entries=entries, max_bytes=max_bytes, clock=clock)


def test_fresh_then_stale_then_gone() -> None:
    """An answer is taken as it is, then only stands in, then is forgotten."""
    clock = Clock()
    kept = cache(clock)
    kept.put(KEY, [MARIA], LIFETIMES)
    seen = []
    for later in (0, 59.9, 0.1, 599.9, 0.1):
        clock.now += later
        held = kept.get(KEY)
        seen.append(held.is_stale if held else None)
    assert [False, False, True, True, None] == seen
    assert (0, 0) == (len(kept), kept.bytes)


def test_nobody_is_kept_for_a_time_of_its_own_and_never_stands_in() -> None:
    """Who was entered into the CRM a minute ago is found soon."""
    clock = Clock()
    kept = cache(clock)
    kept.put(KEY, [], LIFETIMES)
    held = kept.get(KEY)
    assert held is not None
    assert () == held.records
    clock.now += 10
    assert kept.get(KEY) is None


def test_a_backend_whose_answers_are_not_kept() -> None:
    """With no time nothing is kept; a time for stale answers alone keeps them as that."""
    clock = Clock()
    kept = cache(clock)
    kept.put(KEY, [MARIA], Lifetimes(0, 0, 0))
    assert kept.get(KEY) is None
    kept.put(KEY, [MARIA], Lifetimes(0, 60, 0))
    held = kept.get(KEY)
    assert held is not None
    assert held.is_stale


def test_at_most_so_many_those_longest_unused_go_first() -> None:
    """An answer that was used is newer than one that was not."""
    kept = cache(Clock(), entries=2)
    keys = [("sap", str(number)) for number in range(3)]
    kept.put(keys[0], [MARIA], LIFETIMES)
    kept.put(keys[1], [MARIA], LIFETIMES)
    kept.get(keys[0])
    kept.put(keys[2], [MARIA], LIFETIMES)
    assert [True, False, True] == [kept.get(key) is not None for key in keys]


def test_at_most_about_so_many_bytes() -> None:
    """Few customers with endless texts take no more than many with short ones; what would fill it alone is not kept."""
    kept = cache(Clock(), entries=100_000, max_bytes=200_000)
    long = CustomerRecord(system="sap", id="1", title="x" * 2_000)
    for number in range(100):
        kept.put(("sap", str(number)), [long], LIFETIMES)
        assert kept.bytes <= 200_000
    assert 10 < len(kept) < 25
    kept.put(("sap", "endless"), [CustomerRecord(system="sap", id="1", title="x" * 100_000)], LIFETIMES)
    assert kept.get(("sap", "endless")) is None
    assert len(kept) > 10


def test_the_bytes_are_counted_back() -> None:
    """What is replaced or dropped is no longer counted."""
    kept = cache(Clock())
    for _ in range(5):
        kept.put(KEY, [MARIA], LIFETIMES)
    once = kept.bytes
    kept.put(("osc", KEY[1]), [MARIA], LIFETIMES)
    assert 2 * once == kept.bytes
    kept.drop_all_of("osc")
    assert (1, once) == (len(kept), kept.bytes)
    kept.drop(KEY)
    assert (0, 0) == (len(kept), kept.bytes)


def test_what_has_aged_may_only_stand_in_for_as_long_as_it_may() -> None:
    """After news of the customer the answer counts as old; its time to stand in begins then."""
    clock = Clock()
    kept = cache(clock)
    kept.put(KEY, [MARIA], LIFETIMES, ["tel:+498912345678"])
    clock.now += 20
    kept.age(["tel:+498912345678"], "sap")
    held = kept.get(KEY)
    assert held is not None
    assert held.is_stale
    clock.now += 599
    kept.age(["tel:+498912345678"], "sap")
    assert kept.get(KEY) is not None
    clock.now += 1
    assert kept.get(KEY) is None


def test_news_of_somebody_ages_what_is_about_them_and_nothing_else() -> None:
    """By each name that an answer of that system goes by; that there is nobody by a name is no longer believed."""
    kept = cache(Clock())
    other, nobody = ("osc", KEY[1]), ("sap", "+4930123")
    kept.put(KEY, [MARIA], LIFETIMES, ["tel:+498912345678", "id:sap:1"])
    kept.put(other, [MARIA], LIFETIMES, ["tel:+498912345678", "id:osc:9"])
    kept.put(nobody, [], LIFETIMES, ["tel:+4930123"])

    def stale() -> list[bool | None]:
        return [held.is_stale if (held := kept.get(key)) else None for key in (KEY, other, nobody)]

    kept.age(["id:sap:2", "mailto:a@b.example", "tel:"], "sap")
    assert [False, False, False] == stale()
    kept.age(["id:sap:1"], "sap")
    assert [True, False, False] == stale()
    kept.age(["tel:+498912345678", "tel:+4930123"], "sap")
    assert [True, False, None] == stale()
    kept.age(["tel:+498912345678"], "osc")
    assert [True, True, None] == stale()


def test_an_answer_that_is_gone_goes_by_no_name() -> None:
    """Nothing is left of it in the index, however it went: dropped, replaced, pushed out or too old."""
    clock = Clock()
    kept = cache(clock, entries=2)
    for number in range(4):
        kept.put(("sap", str(number)), [MARIA], LIFETIMES, [f"tel:{number}", "id:sap:1"])
    kept.put(("sap", "3"), [], LIFETIMES, ["tel:3"])
    kept.drop(("sap", "2"))
    kept.age(["tel:0", "tel:1", "tel:2", "id:sap:1"], "sap")
    held = kept.get(("sap", "3"))
    assert held is not None
    assert not held.is_stale
    clock.now += 10
    assert kept.get(("sap", "3")) is None
    kept.age(["tel:3"], "sap")
    assert (0, 0) == (len(kept), kept.bytes)
