"""What pydantic finds, said in words for the person who wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Finding = Mapping[str, Any]

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "text",
    "model": "a section of keys",
    "model_attributes": "a section of keys",
    "dict": "a section of keys",
    "mapping": "a section of keys",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "url": "an address, as in https://host/path",
}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def nearest(name: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?`, or the known names when none is near."""
    return meant(name, known) or (f"; known here: {', '.join(known)}" if known else "")


def meant(name: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?`, or nothing when none is near: for a message that has the known names already."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def kind_of(value: object) -> str:
    """Name what was written, without showing it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a section of keys"
        case _:
            return "a list"


def wording(finding: Finding) -> str:
    """Say what is wrong with a value; `finding` is one of `ValidationError.errors()`."""
    kind: str = finding["type"]
    words = _SENTENCES.get(kind)
    if words:
        return words(finding)
    if kind in _LIMITS:
        relation, bound = _LIMITS[kind]
        return f"must be {relation} {finding['ctx'][bound]:.15g}"
    subject, _, fault = kind.rpartition("_")
    if fault in {"type", "parsing", "from_float"} or kind == "int_from_float":
        expected = _EXPECTED.get(subject.removesuffix("_from"), "something else")
        found = kind_of(finding["input"])
        if found == "nothing":
            return f"is empty: it must be {expected}"
        hint = "; put it in quotes" if expected == "text" and found in {"a number", "true or false"} else ""
        return (
            f"must be {expected}"
            if found in expected.replace("whole ", "")
            else f"must be {expected}, not {found}{hint}"
        )
    if kind == "enum":
        return _choices(finding)
    message: str = finding["msg"]
    return message[:1].lower() + message[1:]


def _choices(finding: Finding) -> str:
    expected: str = finding["ctx"]["expected"]
    choices = expected.replace("'", "").replace(" or ", ", ").split(", ")
    quoted = ", ".join(map(repr, choices))
    return f"must be {quoted}" if len(choices) == 1 else f"must be one of {quoted}"


def _unknown_tag(finding: Finding) -> str:
    context = finding["ctx"]
    known = context["expected_tags"].replace("'", "").split(", ")
    return f"{context['discriminator'].strip(chr(39))} {context['tag']!r} is unknown{nearest(context['tag'], known)}"


def _count(finding: Finding) -> str:
    context = finding["ctx"]
    if "min_length" in context:
        least: int = context["min_length"]
        return "must not be empty" if least == 1 else f"too short: at least {least}"
    return f"too long: at most {context['max_length']}"


_SENTENCES: dict[str, Callable[[Finding], str]] = {
    "literal_error": _choices,
    "union_tag_invalid": _unknown_tag,
    "string_too_short": _count,
    "string_too_long": _count,
    "too_short": _count,
    "too_long": _count,
    "value_error": lambda finding: str(finding["ctx"]["error"]),
    "finite_number": lambda _finding: "must be a finite number",
}
