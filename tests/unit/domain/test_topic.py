"""Patterns of routing keys, as a topic exchange has them."""

import pytest

from hub.domain.topic import is_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("cti.call.delivered", "cti.call.delivered", True),
        ("cti.call.delivered", "cti.call.delivered.late", False),
        ("cti.call", "cti.call.delivered", False),
        ("cti.call.*", "cti.call.delivered", True),
        ("cti.call.*", "cti.call", False),
        ("cti.call.*", "cti.call.a.b", False),
        ("*.agent.*", "cti.agent.ready", True),
        ("*.agent.*", "cti.call.ready", False),
        ("#", "cti.call.delivered", True),
        ("cti.#", "cti", True),
        ("cti.#", "cti.call.delivered", True),
        ("cti.#", "ctix.call", False),
        ("#.delivered", "delivered", True),
        ("#.delivered", "cti.call.delivered", True),
        ("cti.#.b", "cti.b", True),
        ("cti.#.b", "cti.x.b.y.b", True),
        ("cti.#.b", "cti.x.b.y", False),
        ("#.*", "cti", True),
        ("*.#.*", "cti", False),
        ("*.#.*", "cti.call", True),
        ("cti.call.del*", "cti.call.delivered", False),
        (".".join(["#"] * 300), "cti.call.delivered", True),
        (".".join(["#", "*"] * 300), "cti.call.delivered", False),
    ],
)
def test_a_pattern_binds_as_at_the_broker(pattern: str, topic: str, expected: bool) -> None:
    """`*` is one word, `#` any number of them, none included; everything else is itself."""
    assert expected is matches(pattern, topic)


@pytest.mark.parametrize(("text", "expected"), [("cti.call.", False), ("cti.*", True), ("#", True), ("cti.ca*", False)])
def test_what_is_a_pattern(text: str, expected: bool) -> None:
    """A word of its own is `*` or `#`."""
    assert expected is is_pattern(text)
