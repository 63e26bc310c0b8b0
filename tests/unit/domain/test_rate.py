"""How often somebody may ask."""

from hub.domain.rate import RateLimit


def test_many_at_once_few_for_long() -> None:
    """As many as the burst pass at once, then as many as the rate lets; several are taken whole or not at all."""
    now = 0.0
    limit = RateLimit(per_second=0.5, burst=3, clock=lambda: now)
    assert [0.0, 0.0, 2.0] == [limit.take("a", 2), limit.take("a"), limit.take("a")]
    assert 0.0 == limit.take("b", 3)
    now = 4.0
    assert [2.0, 0.0, 2.0] == [limit.take("a", 3), limit.take("a", 2), limit.take("a")]
    now = 1_000.0
    assert [0.0, 2.0] == [limit.take("a", 3), limit.take("a")]


def test_what_came_to_nothing_is_given_back() -> None:
    """So that it can be taken again at once; never more than the burst."""
    limit = RateLimit(per_second=0.5, burst=2, clock=lambda: 0.0)
    assert 0.0 == limit.take("a", 2)
    limit.give_back("a")
    assert [0.0, 2.0] == [limit.take("a"), limit.take("a")]
    limit.give_back("a", 5)
    assert [0.0, 2.0] == [limit.take("a", 2), limit.take("a")]
