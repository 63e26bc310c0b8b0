"""The window of unconfirmed messages: bounded, and its cursor never past one that is not confirmed."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from hub.bus.window import ConfirmWindow


def _window(sent: int, *, cursor: int = 100, max_messages: int = 50) -> ConfirmWindow:
    window = ConfirmWindow(cursor, max_messages=max_messages)
    for number in range(1, sent + 1):
        window.sent(cursor + number, 10)
    return window


def test_the_cursor_moves_only_past_what_is_confirmed_without_a_gap() -> None:
    """Confirms may come in any order; the first that is missing holds the cursor."""
    window = _window(5)
    assert window.confirmed(2, multiple=False) == 1
    assert window.confirmed(3, multiple=False) == 1
    assert window.cursor == 100
    assert window.confirmed(1, multiple=False) == 1
    assert window.cursor == 103
    assert window.confirmed(5, multiple=True) == 2
    assert window.cursor == 105


def test_a_confirm_for_an_unknown_tag_changes_nothing() -> None:
    """A broker that confirms twice, or what was never sent, moves no cursor."""
    window = _window(2)
    window.confirmed(1, multiple=False)
    assert window.confirmed(1, multiple=False) == 0
    assert window.confirmed(77, multiple=False) == 0
    assert window.cursor == 101


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=40))
def test_the_cursor_is_always_before_the_first_unconfirmed(confirms: list[tuple[int, bool]]) -> None:
    """Whatever comes in whatever order, the cursor is what a plain list of open tags says."""
    window = _window(30, cursor=0)
    unconfirmed = set(range(1, 31))
    for tag, multiple in confirms:
        window.confirmed(tag, multiple=multiple)
        unconfirmed -= set(range(1, tag + 1)) if multiple else {tag}
        assert window.cursor == min(unconfirmed, default=31) - 1


async def test_a_full_window_waits_for_a_confirm() -> None:
    """Sending goes on as soon as there is room, and not before."""
    window = _window(3, max_messages=3)
    waiting = asyncio.ensure_future(window.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    window.confirmed(1, multiple=False)
    await asyncio.wait_for(waiting, 1)
    window.confirmed(3, multiple=True)
    await asyncio.wait_for(window.drained(), 1)


def test_the_window_is_bounded_in_bytes_too() -> None:
    """A few large messages fill it as many small ones do."""
    window = ConfirmWindow(0, max_messages=100, max_bytes=1000)
    window.sent(1, 999)
    assert not window.full
    window.sent(2, 1)
    assert window.full
    window.confirmed(1, multiple=False)
    assert not window.full


def test_what_is_passed_over_waits_for_those_before_it() -> None:
    """The cursor goes past it once all that was sent before is confirmed, and not earlier."""
    window = ConfirmWindow(0, max_messages=10)
    window.sent(1, 10)
    window.passed_over(2)
    assert 0 == window.cursor
    window.confirmed(1, multiple=False)
    assert 2 == window.cursor
    window.passed_over(3)
    assert 3 == window.cursor
    window.sent(4, 10)
    assert 3 == window.cursor
