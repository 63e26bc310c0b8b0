"""Bearer tokens of machines, as they come with a request: whose is it, and what may it do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple

from hub.config.model import TokenRight, TokenSection

MAX_AUTHORIZATION: Final = 8_192
"""Characters of a header's value that are looked at; a longer one is nobody's."""


class TokenHolder(NamedTuple):
    """A machine by the name of its token, with what that `may`, and the feeds that it hands messages to."""

    name: str
    may: frozenset[TokenRight]
    feeds: frozenset[str] = frozenset()


_WORDS: Final[dict[TokenRight, str]] = {
    "read": "read",
    "control": "control calls",
    "supervise": "supervise",
    "configure": "configure",
    "publish": "publish",
    "operate": "see to dead letters",
    "audit": "see who has seen whose data",
    "record": "record contacts with customers",
}


def why_token_may_not(right: TokenRight) -> str:
    """Say in words what a token lacks."""
    return f"This token may not {_WORDS[right]}: see auth.tokens in the hub's configuration."


class UnknownTokenError(Exception):
    """There is a bearer token, and it is not one of the configuration's."""


class Tokens:
    """The section `auth.tokens`; keeps digests alone."""

    def __init__(self, sections: Mapping[str, TokenSection]) -> None:
        self._known = [
            (
                hashlib.sha256(section.token.get_secret_value().encode()).digest(),
                TokenHolder(name, frozenset(section.may), frozenset(section.feeds)),
            )
            for name, section in sections.items()
        ]

    def holder(self, authorization: str) -> TokenHolder | None:
        """Return whose bearer token stands in a header `authorization`; None where it has none.

        Raises UnknownTokenError.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        if len(given) > MAX_AUTHORIZATION:
            raise UnknownTokenError
        digest = hashlib.sha256(given.strip().encode(errors="surrogateescape")).digest()
        # Every token is compared, and digests have one length: the time taken tells nothing.
        matches = [holder for known, holder in self._known if hmac.compare_digest(known, digest)]
        if not matches:
            raise UnknownTokenError
        return matches[0]
