"""What may be shown once."""

from hub.domain.once import OnceOnly, Showing


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_shown_is_known_for_as_long_as_it_could_count() -> None:
    """The second time is told from the first, until the moment that it names is too long ago anyway."""
    clock = Clock()
    once = OnceOnly(tolerance_s=300, clock=clock)
    assert Showing.FRESH is once.show("a", 1_200)
    clock.now = 1_500.0
    assert Showing.SEEN is once.show("a", 1_200)
    clock.now = 1_500.5
    assert Showing.TOO_OLD is once.show("a", 1_200)


def test_moments_beyond_the_tolerance_do_not_count() -> None:
    """Neither what is too old nor what is yet to come; they are not remembered."""
    once = OnceOnly(tolerance_s=300, clock=Clock())
    assert [Showing.TOO_OLD, Showing.TOO_NEW] == [once.show("a", 699), once.show("a", 1_301)]


def test_what_is_from_before_the_memory_is_uncertain() -> None:
    """It may have been shown to the hub that ran before; from then on it is known."""
    once = OnceOnly(tolerance_s=300, clock=Clock())
    assert [Showing.UNCERTAIN, Showing.SEEN] == [once.show("a", 999), once.show("a", 999)]


def test_what_came_to_nothing_may_be_shown_again() -> None:
    """A showing that is taken back was none."""
    once = OnceOnly(tolerance_s=300, clock=Clock())
    once.show("a", 1_000)
    once.take_back("a")
    assert Showing.FRESH is once.show("a", 1_000)


def test_memory_is_bounded_and_says_where_it_begins() -> None:
    """What had to be forgotten early is uncertain, not fresh: nothing counts twice for want of memory."""
    clock = Clock()
    once = OnceOnly(tolerance_s=300, clock=clock, limit=3)
    clock.now = 1_010.0
    shown = [once.show(key, 1_000.0 + key) for key in range(4)]
    assert [Showing.FRESH] * 4 == shown
    assert Showing.UNCERTAIN is once.show(0, 1_000.0)
    assert Showing.SEEN is once.show(3, 1_003.0)
