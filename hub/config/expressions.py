"""JMESPath, read once and applied within a budget: no expression and no record can keep the hub busy."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.visitor import TreeInterpreter

from hub.config.expression_functions import ExactFunctions
from hub.config.wording import nearest
from hub.domain.budget import Budget, TooMuchWorkError

MAX_WORK = 500_000
"""Steps that applying one expression may take, where its user does not give fewer."""
STEPS_A_NODE = 4
"""Looking at one node of an expression takes about as long as looking at so many items of a list."""

_Interpreter: Any = TreeInterpreter  # typed in part

_PREFIX = re.compile(r"^(bad|invalid) jmespath expression: ", re.IGNORECASE)


class ExpressionError(ValueError):
    """An expression that can't be read, said to the person who wrote it."""


class ExpressionFailedError(Exception):
    """An expression that can't be applied to a record: the reason, without the record's data."""


class _BoundedInterpreter(_Interpreter):  # type: ignore[misc]  # the base is untyped, see above
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._exact = ExactFunctions(budget)
        super().__init__(jmespath.Options(custom_functions=self._exact))
        self.COMPARATOR_FUNC = {
            **_Interpreter.COMPARATOR_FUNC,
            "eq": self._equal,
            "ne": lambda left, right: not self._equal(left, right),
        }

    def visit(self, node: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        self._budget.spend(STEPS_A_NODE)
        return super().visit(node, *args, **kwargs)

    def visit_flatten(self, node: dict[str, Any], value: Any) -> Any:
        return self._paid(super().visit_flatten(node, value))

    def visit_slice(self, node: dict[str, Any], value: Any) -> Any:
        return self._paid(super().visit_slice(node, value))

    def _paid(self, made: Any) -> Any:
        """Spend what making a list took."""
        self._budget.spend(len(made) if isinstance(made, list) else 0)
        return made

    def _equal(self, left: Any, right: Any) -> bool:
        if isinstance(left, dict | list) and isinstance(right, dict | list):
            self._exact.spend_for_all_of(left)
        # As in the library, a number is never equal to a truth value.
        return isinstance(left, bool) == isinstance(right, bool) and operator.eq(left, right)


def compile_expression(text: str) -> Callable[..., Any]:
    """Return what applies an expression to a record, within a budget: `search(record, budget=None)`.

    Raises ExpressionError; `search` raises ExpressionFailedError.
    """
    try:
        compiled: Any = jmespath.compile(text)
    except JMESPathError as error:
        raise ExpressionError(f"not a JMESPath expression: {_reason(error)}") from None
    except (RecursionError, ValueError):
        raise ExpressionError("not a JMESPath expression: it is nested too deeply, or holds a wrong literal") from None
    known = sorted(ExactFunctions.FUNCTION_TABLE)
    for name in _called(compiled.parsed):
        if name not in known:
            raise ExpressionError(f"JMESPath has no function {name!r}{nearest(name, known)}")
    tree = compiled.parsed

    def search(record: Any, budget: Budget | None = None) -> Any:
        try:
            return _BoundedInterpreter(budget or Budget(MAX_WORK)).visit(tree, record)
        except TooMuchWorkError as error:
            raise ExpressionFailedError(f"the expression {error}") from None
        except ZeroDivisionError:
            raise ExpressionFailedError("the expression divides by zero") from None
        except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError, AttributeError):
            # What the library says quotes the value; the kind of the problem is enough here.
            raise ExpressionFailedError("the expression can't be applied to this record") from None

    return search


def first_names(text: str) -> frozenset[str]:
    """Return the fields that a valid expression asks of the record itself."""
    compiled: Any = jmespath.compile(text)
    return frozenset(_firsts(compiled.parsed))


_ON_THE_FIRST = frozenset(
    {"subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"}
)
"""Kinds of nodes of which all but the first child are applied to what the first one gives."""


def _firsts(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    elif node["type"] != "expref":
        for child in _children(node)[: 1 if node["type"] in _ON_THE_FIRST else None]:
            yield from _firsts(child)


def _called(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield node["value"]
    for child in _children(node):
        yield from _called(child)


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes inside a node; what a slice has inside are numbers."""
    return [] if node["type"] == "slice" else node["children"]


def _reason(error: JMESPathError) -> str:
    line = _PREFIX.sub("", str(error).splitlines()[0]).rstrip(": ,")
    position = error.lexer_position if isinstance(error, LexerError) else None
    if isinstance(error, ParseError):
        position = error.lex_position
    place = "" if position is None else f" (character {position + 1})"
    return (
        f"{line[:1].lower()}{line[1:]}{place}; text is written 'text', equal ==, a field with other letters \"field\""
    )
