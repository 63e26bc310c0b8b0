"""Which texts of a configuration are secrets, for the logs to hide wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr


def secrets_of(config: BaseModel) -> frozenset[str]:
    """Return every secret value, and the password of each secret that is an address."""
    return frozenset(_secrets(config))


def _secrets(value: object) -> Iterable[str]:
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        yield text
        yield from _passwords(text)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _secrets(item)


def _passwords(text: str) -> Iterable[str]:
    if "://" not in text:
        return
    try:
        password = urlsplit(text).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
