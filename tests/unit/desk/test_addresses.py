"""From where a request comes: what limits and the back-off after wrong passwords go by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from hub.desk.access import Gate
from hub.desk.sign_in import SignIn
from hub.desk.user_store import UserStore


def seen(folder: Path, forwarded: Sequence[str], public_url: str | None = "https://hub.example.com") -> str:
    """Return the address that a request with these headers X-Forwarded-For counts for."""
    users = UserStore(folder / "users.db")
    try:
        gate = Gate(sign_in=SignIn(users=users, agents=(), session_s=60), tokens={}, public_url=public_url)
        headers = CIMultiDict([("X-Forwarded-For", one) for one in forwarded])
        return gate.address(make_mocked_request("GET", "/", headers=headers))
    finally:
        users.close()


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        (["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        (["198.51.100.1, 198.51.100.2", "198.51.100.3, 192.0.2.7"], "192.0.2.7"),
        (["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
    ],
)
def test_an_address_is_what_the_proxy_saw(tmp_path: Path, forwarded: list[str], address: str) -> None:
    """Not what the caller claims before it, in the same header or in one of their own; of IPv6 the whole network."""
    assert address == seen(tmp_path, forwarded)


def test_without_a_proxy_nobody_says_where_they_are(tmp_path: Path) -> None:
    """Only a hub with a public_url has a proxy in front."""
    assert seen(tmp_path, [], None) == seen(tmp_path, ["192.0.2.7"], None)
