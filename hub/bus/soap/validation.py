"""Whether a message is as the schema wants it, and if not, where not."""

from __future__ import annotations

import re
import threading
from typing import Any, Final

from lxml import etree

from hub.bus.soap.faults import MAX_DETAILS, MAX_REASON, Violation

_ELEMENT: Final = re.compile(r"Element '(?:\{[^}]*\})?([^']*)'")


class Validator:
    """A compiled schema. May be asked from several threads: what it found is read before the next one asks."""

    def __init__(self, schema: etree._Element | etree._ElementTree) -> None:
        """Compile a schema. Raises `etree.XMLSchemaParseError`."""
        self._schema = etree.XMLSchema(schema)
        self._asking = threading.Lock()

    def violations(self, element: etree._Element) -> tuple[Violation, ...]:
        """Return the first of what is wrong; nothing when the element is valid."""
        with self._asking:
            if self._schema.validate(element):
                return ()
            found: Any = self._schema.error_log  # the stubs don't know that it is a sequence
            errors = list(found)[:MAX_DETAILS]
        return tuple(
            Violation(error.line, _element(error.message)[:MAX_REASON], error.message[:MAX_REASON]) for error in errors
        )


def _element(message: str) -> str:
    """Return the element that libxml2 speaks of; its paths leave out names in a default namespace."""
    found = _ELEMENT.match(message)
    return found[1] if found else ""
