"""Whether a path or an expression of rules asks for a fact that there is."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from hub.config.wording import nearest
from hub.domain.path import Path

MAX_EXPRESSION = 500


def check_path(text: str, facts: type[msgspec.Struct]) -> str:
    """Return the path. Raises ValueError, with the nearest name for one that isn't there."""
    names = Path(text).every_name
    if not names:
        raise ValueError("must be the path of a fact, as in customer.tier")
    kind: inspect.Type = inspect.type_info(facts)
    for position, name in enumerate(names):
        kind = _item(kind)
        if isinstance(kind, inspect.DictType):
            return text
        if not isinstance(kind, inspect.StructType):
            raise ValueError(f"{'.'.join(names[:position])!r} has no parts")  # noqa: TRY004 - the text is at fault
        fields = {field.name: field.type for field in kind.fields}
        if name not in fields:
            raise ValueError(f"there is no fact {'.'.join(names[: position + 1])!r}{nearest(name, list(fields))}")
        kind = fields[name]
    return text


def check_expression(text: Any, facts: type[msgspec.Struct]) -> str:
    """Return the JMESPath expression. Raises ValueError."""
    if not isinstance(text, str) or len(text) > MAX_EXPRESSION:
        raise ValueError(f"must be an expression of at most {MAX_EXPRESSION} characters")
    # Only who has expressions waits for the library.
    from hub.config.expressions import compile_expression, first_names

    compile_expression(text)
    fields = facts.__struct_fields__
    for name in sorted(first_names(text)):
        if name not in fields:
            raise ValueError(f"there is no fact {name!r}{nearest(name, fields)}")
    return text


def _item(kind: inspect.Type) -> inspect.Type:
    """Return what a list's items are: a name met by a list is applied to them."""
    return kind.item_type if isinstance(kind, inspect.VarTupleType) else kind
