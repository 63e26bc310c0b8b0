"""One field's rule compiled to a closure: where the value comes from, and what is done to it on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from jmespath.exceptions import JMESPathError

from hub.config.expressions import compile_expression
from hub.domain.path import Path
from hub.domain.phone import parse_number
from hub.mapping.errors import FieldProblemError, ValueProblemError
from hub.mapping.values import to_text


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What a run knows besides the item at hand: the whole record, and the site's region.

    Where there is a list of what is `left_out`, a value that its field can't take goes there instead of ending the run.
    """

    root: Any
    region: str
    left_out: list[FieldProblemError] | None = None


Getter = Callable[[Any, Run], Any]
"""Item and run to the value; None is missing."""
Stage = Callable[[Any, Run], Any]


def path_getter(text: str) -> Getter:
    """Read a path: in the item, or in the whole record when it begins with `$`. Raises PathError."""
    if text == "$":
        return lambda _item, run: run.root
    if text.startswith("$."):
        from_root = Path(text[2:])
        return lambda _item, run: from_root.read(run.root)
    path = Path(text)
    return lambda item, _run: path.read(item)


def first_of(getters: Sequence[Getter]) -> Getter:
    """Return the first value that is not missing."""

    def read(item: Any, run: Run) -> Any:
        for getter in getters:
            value = getter(item, run)
            if value is not None and value != "":
                return value
        return None

    return read


def expression_getter(text: str) -> Getter:
    """Read by JMESPath. Raises ExpressionError when the expression can't be read."""
    search = compile_expression(text)

    def read(item: Any, _run: Run) -> Any:
        try:
            return search(item)
        except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError):
            # What the library says quotes the value; the kind of the problem is enough here.
            raise ValueProblemError("the expression can't be applied to this record") from None

    return read


def joined(getters: Sequence[Getter], separator: str) -> Getter:
    def read(item: Any, run: Run) -> Any:
        parts = [to_text(single(getter(item, run))) for getter in getters]
        return separator.join(part for part in parts if part) or None

    return read


def single(value: Any) -> Any:
    """Return the one value that is wanted: of several, the first that there is."""
    if isinstance(value, list | tuple):
        return next((inner for inner in value if inner is not None and inner != ""), None)
    return value


def table_stage(table: Mapping[str, str], default: str | None) -> Stage:
    """Translate codes. A code that the table lacks becomes `default`, or stays as it is."""

    def translate(value: Any, _run: Run) -> Any:
        text = to_text(value)
        return None if text is None else table.get(text, default if default is not None else text)

    return translate


def phone_stage(region: str | None) -> Stage:
    """Bring a number into E.164; what is no number stays readable, without a single digit it is missing."""

    def normalise(value: Any, run: Run) -> Any:
        text = to_text(value)
        if text is None:
            return None
        number = parse_number(text, region or run.region)
        if number.e164:
            return number.e164
        return number.raw if any(character.isdigit() for character in number.raw) else None

    return normalise


def email_stage(value: Any, _run: Run) -> Any:
    """Take the bare address out of `Petra Vogt <petra@example.com>` (RFC 5322); what is no address is missing."""
    text = to_text(value)
    address = parseaddr(text)[1] if text else ""
    return address if "@" in address else None


def case_stage(case: str) -> Stage:
    change = {"lower": str.lower, "upper": str.upper, "title": str.title}[case]

    def convert(value: Any, _run: Run) -> Any:
        text = to_text(value)
        return None if text is None else change(text)

    return convert


Test = Callable[[Any, Run], bool]


def all_of(tests: Sequence[Test]) -> Test:
    return lambda item, run: all(test(item, run) for test in tests)


def equals(getter: Getter, wanted: frozenset[str], negate: bool) -> Test:
    """Whether a value is one of those wanted; a missing one is the empty text."""

    def test(item: Any, run: Run) -> bool:
        found = (to_text(single(getter(item, run))) or "") in wanted
        return found != negate

    return test


def present(getter: Getter, wanted: bool) -> Test:
    def test(item: Any, run: Run) -> bool:
        value = single(getter(item, run))
        return (value is not None and value != "") == wanted

    return test
