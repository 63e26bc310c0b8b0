"""Whose bearer token stands in a header."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from hub.config.model import TokenSection
from hub.config.tokens import MAX_AUTHORIZATION, TokenHolder, Tokens, UnknownTokenError

TOKENS = Tokens(
    {
        "reader": TokenSection(token=SecretStr("reader-token")),
        "dialler": TokenSection(token=SecretStr("dialler-tökén"), may=("control", "read")),
    }
)


@pytest.mark.parametrize(
    ("header", "name", "may"),
    [
        ("Bearer reader-token", "reader", {"read"}),
        ("bearer  reader-token ", "reader", {"read"}),
        ("BEARER dialler-tökén", "dialler", {"control", "read"}),
    ],
)
def test_the_holder_is_named_with_what_the_token_may(header: str, name: str, may: set[str]) -> None:
    """The scheme is read in any case (RFC 9110, 11.1), blanks around the token count for nothing."""
    assert TokenHolder(name, frozenset(may)) == TOKENS.holder(header)  # type: ignore[arg-type]


@pytest.mark.parametrize("header", ["", "reader-token", "Basic cmVhZGVyOg==", "Bearer:reader-token"])
def test_what_is_no_bearer_token_is_nobodys(header: str) -> None:
    """Another scheme is not judged here: it may be somebody else's business."""
    assert TOKENS.holder(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "Bearer ",
        "Bearer",
        "Bearer reader-toke",
        "Bearer reader-token-and-more",
        "Bearer READER-TOKEN",
        "Bearer \udcff\x00",
        "Bearer " + " " * MAX_AUTHORIZATION + "reader-token",
    ],
)
def test_a_token_that_is_not_known_is_refused(header: str) -> None:
    """Nothing but the very token is taken, whatever bytes come."""
    with pytest.raises(UnknownTokenError):
        TOKENS.holder(header)
