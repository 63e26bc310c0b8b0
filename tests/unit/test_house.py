"""Rules of the house that no linter knows."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_every_test_says_what_must_hold() -> None:
    """A test without a docstring leaves the reader to guess what is being promised."""
    silent = [
        f"{path.relative_to(TESTS)}:{node.lineno} {node.name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert [] == silent
