"""How a backend says that it has no such field, or that its user may not read it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

FIELD = "{field}"
ENTITY = "{entity}"


def _names_the_field(text: str) -> str:
    if text.count(FIELD) != 1 or text.count(ENTITY) > 1:
        raise ValueError(
            f"must hold {FIELD} where the field's name stands, and may hold {ENTITY} where its object's does"
        )
    if not text.replace(FIELD, "").replace(ENTITY, "").strip():
        raise ValueError(f"must hold words beside {FIELD}, as in No such column '{FIELD}'")
    return text


UnknownFields = Annotated[
    tuple[Annotated[str, Field(max_length=300), AfterValidator(_names_the_field)], ...], Field(max_length=10)
]
