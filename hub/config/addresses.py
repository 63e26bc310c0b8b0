"""Web addresses in the configuration."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def web_address(text: str) -> str:
    """Accept http and https addresses without a password in them. Raises ValueError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or any(character.isspace() for character in text):
        raise ValueError("must be an address, as in https://host/path")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or password: use `auth`")
    if parts.fragment:
        raise ValueError("must not hold a # part")
    return text


def base_address(text: str) -> str:
    """Accept a web address that paths can be appended to. Raises ValueError."""
    if urlsplit(web_address(text)).query:
        raise ValueError("must not hold a ? part: use `params`")
    return text


WebAddress = Annotated[str, AfterValidator(web_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]
