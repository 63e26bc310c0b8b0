"""How deep a document is nested that came from outside."""

from __future__ import annotations

from typing import Any


def is_deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep; level by level, so that depth costs no stack."""
    layer = [value]
    for _ in range(levels):
        inner: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                inner.extend(child for child in one.values() if isinstance(child, dict | list))
            elif isinstance(one, list):
                inner.extend(child for child in one if isinstance(child, dict | list))
        if not inner:
            return False
        layer = inner
    return True
