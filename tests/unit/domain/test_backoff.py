"""Waits between attempts."""

from __future__ import annotations

import pytest

from hub.domain.backoff import wait_after


@pytest.mark.parametrize(("failures", "full"), [(0, 0.5), (1, 1.0), (3, 4.0), (6, 30.0), (10_000, 30.0)])
def test_waits_double_up_to_the_longest_and_keep_half_of_it(failures: int, full: float) -> None:
    """However many attempts failed, the wait is between half of the doubled one and the whole."""
    waits = [wait_after(failures, shortest_s=0.5, longest_s=30.0) for _ in range(50)]

    assert all(full / 2 <= wait <= full for wait in waits)


def test_no_two_waits_are_alike() -> None:
    """Those that lost one server come back at different moments."""
    assert 50 == len({wait_after(4, shortest_s=0.5, longest_s=30.0) for _ in range(50)})
