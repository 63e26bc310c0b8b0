"""What a backend answered over HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from yarl import URL


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `media_type` in lower case without parameters, `charset` if the backend named one.

    `url` is where it came from, after redirects.
    """

    status: int
    body: bytes
    media_type: str
    charset: str | None
    headers: Mapping[str, str]
    url: URL | None = None
