"""Which texts of a configuration are secrets, for the logs to hide wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from hub.config.connector_base import ConnectorBase
from hub.config.presets import load_preset

_FILE = "sqlite:///"
"""What stands where otherwise an address with a password does, and is none."""


def secrets_of(config: BaseModel) -> frozenset[str]:
    """Return every secret value, and the password of each secret that is an address.

    What a shipped preset says is no secret: the name that ctihub gives itself in a header stands in call ids, too.
    """
    return frozenset(_secrets(config))


def _secrets(value: object) -> Iterable[str]:
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        if not text.startswith(_FILE):
            yield text
            yield from _passwords(text)
    elif isinstance(value, BaseModel):
        shipped = _shipped(value)
        for name in type(value).model_fields:
            yield from (text for text in _secrets(getattr(value, name)) if text not in shipped)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _secrets(item)


def _shipped(section: BaseModel) -> frozenset[str]:
    if not isinstance(section, ConnectorBase) or section.preset is None:
        return frozenset()
    return frozenset(_texts(load_preset(section.preset)))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


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
