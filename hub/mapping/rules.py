"""One field's rule compiled to a closure: where the value comes from, and what is done to it on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from email.utils import parseaddr
from typing import Any

from hub.config.expression_functions import exact_sum
from hub.config.expressions import ExpressionFailedError, compile_expression
from hub.domain.budget import Budget
from hub.domain.path import Path
from hub.domain.phone import parse_number
from hub.mapping.errors import FieldProblemError, ValueProblemError
from hub.mapping.holders import Holders
from hub.mapping.values import MAX_TEXT, to_text

# As classic SAP writes amounts, the sign may stand behind.
_NUMBER = re.compile(r"([-+]?)(\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(-?)")


class Run(Budget):
    """What a run knows besides the item at hand: the work it may take yet, the whole record, and the site's region.

    `held` are the objects inside the item (hub/mapping/holders.py).
    Where there is a list of what is `left_out`, a value that its field can't take goes there instead of ending the run.
    """

    root: Any
    region: str
    held: list[Any]
    left_out: list[FieldProblemError] | None = None


Getter = Callable[[Any, Run], Any]
"""Item and run to the value; None is missing."""
Stage = Callable[[Any, Run], Any]


def path_getter(text: str, holders: Holders | None) -> Getter:
    """Read a path: in the item, or in the whole record when it begins with `$`. Raises PathError.

    With `holders` the names before the last are looked up once for all fields of the item.
    """
    if text == "$":
        return lambda _item, run: run.root
    if text.startswith("$."):
        from_root = Path(text[2:])
        return lambda _item, run: from_root.read(run.root, run)
    path = Path(text)
    steps = path.steps
    if holders is None or not steps or steps[-1][1] is not None:
        return path.read
    at, name = holders.place(steps[:-1]), steps[-1][0]

    def read(item: Any, run: Run) -> Any:
        holder = run.held[at]
        if type(holder) is dict:
            return holder.get(name)
        return None if holder is None else path.read(item, run)

    return read


def text_getter(getter: Getter) -> Getter:
    """Read one text to which nothing is done: what is clean already goes by the short way."""

    def read(item: Any, run: Run) -> Any:
        value = getter(item, run)
        if type(value) is str and len(value) <= MAX_TEXT and value.isprintable():
            return value.strip() or None
        return to_text(single(value))

    return read


def held_text_getter(places: Sequence[tuple[int, str]], getter: Getter) -> Getter:
    """Read the first text that stands at one of the places of `run.held`; what is no clean text is read by `getter`."""

    def read(item: Any, run: Run) -> Any:
        held = run.held
        for at, name in places:
            holder = held[at]
            if type(holder) is dict:
                value = holder.get(name)
                if type(value) is str and len(value) <= MAX_TEXT and value.isprintable():
                    if value:
                        return value.strip() or None
                    continue
            else:
                value = holder
            if value is not None:
                return to_text(single(getter(item, run)))
        return None

    return read


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

    def read(item: Any, run: Run) -> Any:
        try:
            return search(item, run)
        except ExpressionFailedError as error:
            raise ValueProblemError(str(error)) from None

    return read


def joined(texts: Sequence[Getter], separator: str) -> Getter:
    """Put clean texts together, the missing ones left out."""
    stays_clean = separator.isprintable()

    def read(item: Any, run: Run) -> Any:
        parts = []
        for text in texts:
            part = text(item, run)
            if part:
                parts.append(part)
        if not parts:
            return None
        whole = separator.join(parts)
        return whole if stays_clean and len(whole) <= MAX_TEXT else to_text(whole)

    return read


def summed(getters: Sequence[Getter]) -> Getter:
    """Add up all numbers that are found, exactly; the missing ones are left out, and of none there is no sum."""

    def read(item: Any, run: Run) -> Any:
        found = [getter(item, run) for getter in getters]
        every = [inner for value in found for inner in (value if isinstance(value, list | tuple) else [value])]
        run.spend(len(every))
        numbers = [number for value in every if (number := _number(value)) is not None]
        return exact_sum(numbers) if numbers else None

    return read


def _number(value: Any) -> Decimal | None:
    text = None if isinstance(value, bool) else to_text(value)
    if text is None:
        if isinstance(value, bool):
            raise ValueProblemError("needs numbers to add up, but found true or false")
        return None
    match = _NUMBER.fullmatch(text)
    if match is None or (match[1] and match[3]):
        raise ValueProblemError("needs numbers to add up, as in 1234.50: with a point, and nothing between thousands")
    return Decimal((match[1] or match[3]) + match[2])


def single(value: Any) -> Any:
    """Return the one value that is wanted: of several, the first that there is."""
    if isinstance(value, list | tuple):
        return next((inner for inner in value if inner is not None and inner != ""), None)
    return value


def table_stage(table: Mapping[str, Any], otherwise: Callable[[str], Any]) -> Stage:
    """Translate codes; `otherwise` makes something of one that the table lacks, an entry '' is for empty text."""

    def translate(value: Any, _run: Run) -> Any:
        text = to_text(value)
        if text is None:
            return table.get("") if isinstance(value, str) else None
        return table[text] if text in table else otherwise(text)

    return translate


def table_getter(
    getter: Getter,
    place: tuple[int, str] | None,
    table: Mapping[str, Any],
    otherwise: Callable[[str], Any],
    default: Any,
) -> Getter:
    """Read a code whose words are those of the field already, as most codes are, in one call.

    `place` is where names alone lead to it; `getter` reads it in any case.
    """
    at, name = place or (0, None)

    def read(item: Any, run: Run) -> Any:
        holder = run.held[at] if name is not None else None
        value = holder.get(name) if type(holder) is dict else getter(item, run)
        if type(value) is str:
            made = table.get(value)
            if made is not None:
                return made
        # It may be a number, hold spaces, or be unknown.
        value = single(value)
        text = to_text(value)
        if text is None:
            made = table.get("") if isinstance(value, str) else None
            return default if made is None else made
        made = table[text] if text in table else otherwise(text)
        return default if made is None else made

    return read


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
    return tests[0] if len(tests) == 1 else lambda item, run: all(test(item, run) for test in tests)


def equals(getter: Getter, name: str | None, wanted: frozenset[str], negate: bool) -> Test:
    """Whether a value is one of those wanted; a missing one is the empty text.

    `name` is where it stands, if that is all there is to its path; `getter` reads it in any case.
    """

    def test(item: Any, run: Run) -> bool:
        value = item.get(name) if name is not None and type(item) is dict else getter(item, run)
        if value is True or value is False:
            text = "true" if value else "false"
        elif type(value) is str and value in wanted:
            return not negate
        else:
            text = to_text(single(value)) or ""
        return (text in wanted) is not negate

    return test


def present(getter: Getter, wanted: bool) -> Test:
    def test(item: Any, run: Run) -> bool:
        value = single(getter(item, run))
        return (value is not None and value != "") == wanted

    return test
