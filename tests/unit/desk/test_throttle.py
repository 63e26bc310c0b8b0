"""The back-off for failed attempts, on a clock of the test's own."""

from hub.desk.throttle import Throttle


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _throttle(clock: _Clock) -> Throttle:
    return Throttle(free=2, first_wait_s=1, longest_wait_s=8, memory_s=100, clock=clock)


def test_the_first_failures_are_free_and_each_further_one_doubles_the_wait() -> None:
    """Typing errors cost nothing, guessing soon does; there is a longest wait."""
    throttle, waits = _throttle(_Clock()), []
    for _ in range(8):
        waits.append(throttle.wait("alice"))
        throttle.failed("alice")

    assert [0, 0, 1, 2, 4, 8, 8, 8] == waits


def test_the_wait_passes_with_time() -> None:
    """Whoever waited may try again."""
    clock = _Clock()
    throttle = _throttle(clock)
    for _ in range(3):
        throttle.failed("alice")
    clock.now += 1.5

    assert 0.5 == throttle.wait("alice")
    clock.now += 0.5
    assert 0 == throttle.wait("alice")


def test_success_and_time_forgive() -> None:
    """A sign-in that succeeds clears the count, and so does long quiet."""
    clock = _Clock()
    throttle = _throttle(clock)
    for key in ("alice", "bob"):
        for _ in range(5):
            throttle.failed(key)

    throttle.succeeded("alice")
    assert 0 == throttle.wait("alice")
    assert throttle.wait("bob") > 0
    clock.now += 100
    assert 0 == throttle.wait("bob")
    throttle.failed("bob")
    assert 0 == throttle.wait("bob")


def test_an_absurd_number_of_failures_does_not_overflow() -> None:
    """The wait stays at its longest however often someone tries."""
    throttle = _throttle(_Clock())
    for _ in range(5000):
        throttle.failed("alice")

    assert 8 == throttle.wait("alice")


def test_endless_made_up_names_do_not_fill_the_memory() -> None:
    """The table is bounded; those that failed longest ago go first."""
    throttle = _throttle(_Clock())
    for number in range(10_500):
        throttle.failed(f"name{number}")

    assert 10_000 == len(throttle._failures)
    assert "name10499" in throttle._failures
