"""Replies read as JSON."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import ConnectorError
from connectors.documents import read_json
from connectors.reply import Reply
from hub.domain.customer import Problem


def _reply(body: bytes) -> Reply:
    return Reply(200, body, "application/json", "utf-8", {})


async def test_an_amount_keeps_its_digits() -> None:
    """12.10 is not 12.1."""
    assert {"amount": Decimal("12.10")} == await read_json(_reply(b'{"amount": 12.10}'))


async def test_an_exponent_beyond_all_bounds_is_a_malformed_reply() -> None:
    """A number that no Decimal holds is the backend's mistake, not the hub's."""
    with pytest.raises(ConnectorError) as caught:
        await read_json(_reply(b'{"amount": 1e99999999999999999999}'))

    assert Problem.MALFORMED is caught.value.problem
