"""The configured header blocks of a message."""

from __future__ import annotations

from typing import Any

from lxml import etree
from pydantic import SecretStr

from connectors.quoting import plain
from connectors.resolve import NothingToAskError, Scope, value_of
from connectors.soap.writing import escaped
from hub.config.request import Found
from hub.config.soap import SoapHeader


class HeaderBlocks:
    """Header blocks, written once where they hold nothing that changes."""

    def __init__(self, headers: tuple[SoapHeader, ...]) -> None:
        self._headers = headers
        changes = any(_changes(header.text) or _changes(header.children) for header in headers)
        self._written = None if changes else "".join(_block(header, {}) for header in headers)

    def write(self, scope: Scope) -> str:
        """Return the blocks as XML; one whose value isn't there (the login's own call) is left out."""
        return self._written if self._written is not None else "".join(_block(one, scope) for one in self._headers)


def _changes(value: Any) -> bool:
    return isinstance(value, Found) or (isinstance(value, dict) and any(_changes(inner) for inner in value.values()))


def _block(header: SoapHeader, scope: Scope) -> str:
    name = etree.QName(header.element)
    try:
        inside = "" if header.text is None else escaped(_text(header.text, scope))
        inside += _children(header.children, scope)
    except NothingToAskError:
        return ""
    return f'<h:{name.localname} xmlns:h="{escaped(name.namespace or "")}">{inside}</h:{name.localname}>'


def _children(children: dict[str, Any], scope: Scope) -> str:
    return "".join(f"<h:{name}>{_inside(value, scope)}</h:{name}>" for name, value in children.items())


def _inside(value: Any, scope: Scope) -> str:
    return _children(value, scope) if isinstance(value, dict) else escaped(_text(value, scope))


def _text(value: Any, scope: Scope) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    found = value_of(value, scope)
    return found if isinstance(found, str) else plain(found)
