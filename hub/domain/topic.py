"""Topic patterns as RabbitMQ's topic exchange has them: words between dots, `*` for one, `#` for any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache


def is_pattern(text: str) -> bool:
    """Whether a word of it is `*` or `#`."""
    return not {"*", "#"}.isdisjoint(text.split("."))


@lru_cache(maxsize=4_096)
def matches(pattern: str, topic: str) -> bool:
    """Whether a queue that is bound with `pattern` gets what is published with the routing key `topic`."""
    words = topic.split(".")
    reached = {0}
    for wanted in pattern.split("."):
        reached = set(_reached(wanted, words, reached))
        if not reached:
            return False
    return len(words) in reached


def _reached(wanted: str, words: Sequence[str], positions: set[int]) -> Iterator[int]:
    """Yield how many words may be behind us once `wanted` is, too."""
    if wanted == "#":
        yield from range(min(positions), len(words) + 1)
        return
    for position in positions:
        if position < len(words) and wanted in ("*", words[position]):
            yield position + 1
