from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.document import MAX_BYTES, read_document
from hub.config.load import load_config
from hub.config.problem import ConfigError
from hub.config.scalar import core_scalar
from tests.unit.config.conftest import MINIMAL, Problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hub: {a: 1\n", "2:1: a comma or the closing } is missing"),
        ("hub: [a, b\n", "2:1: a comma or the closing ] is missing"),
        ("hub: 'open\n", "1:6: a quote is not closed"),
        ("hub:\n\tregion: DE\n", "2:1: a tab can't indent YAML: use spaces"),
        ("hub:\n  region: DE\n  \tlisten: x\n", "3:3: a tab can't indent YAML: use spaces"),
        ("hub:\n  region: DE\n   listen: x\n", "3:10: no colon is allowed here: indent as the neighbours do, or quote"),
        ("hub: a: b\n", "1:7: no colon is allowed here"),
        ("hub: @x\n", "1:6: a value can't begin with this character: put it in quotes"),
        ("hub:\nregion\npbx: 1\n", "3:1: a key needs a colon and a space after it"),
        ("hub: *nobody\n", "1:6: no anchor of this name stands above"),
        ("hub: 1\n---\nhub: 2\n", "2:1: one file holds one document"),
        ("hub: 1\nhub: 2\n", "2:1: key 'hub' stands twice: first in line 1"),
        ("hub: {a: 1, a: 2}\n", "1:13: key 'a' stands twice: first in line 1"),
        ("? [a]\n: b\n", "1:3: a key must be plain text"),
        ("hub: !!python/object:os.system x\n", "1:6: tag 'tag:yaml.org,2002:python/object:os.system' is not allowed"),
        ("hub: !!binary aGk=\n", "1:6: tag 'tag:yaml.org,2002:binary' is not allowed"),
        ("hub: !secret {a: 1}\n", "1:6: tag '!secret' is not allowed"),
        ("a: &a {b: 1}\nc: {<<: *a}\n", "2:5: merging with << is not supported"),
        ("hub: a\x01b\n", "1:7: a control character can't stand in a YAML file"),
        ("", "1:1: the file is empty: `ctihub init` writes one"),
        ("# nothing\n", "1:1: the file is empty"),
        ("~\n", "1:1: the file is empty"),
        (b"hub: 1\npbx: caf\xe9\n", "2:9: byte 0xE9 is not UTF-8: save the file as UTF-8"),
        ("hub: 1\n".encode("utf-16"), "1:1: byte 0xFF is not UTF-8"),
    ],
)
def test_what_is_not_yaml_is_placed_and_explained(problems: Problems, text: str | bytes, expected: str) -> None:
    """Each mistake a person makes in YAML is told in words, where it is."""
    found = problems(text)
    assert 1 == len(found)
    assert found[0].startswith(expected), found[0]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """`ctihub run` in an empty folder."""
    with pytest.raises(ConfigError, match=r"nix.yaml:1:1: there is no such file: `ctihub init` writes one"):
        load_config(tmp_path / "nix.yaml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """`ctihub run --config .` is told apart from a broken file."""
    with pytest.raises(ConfigError, match="this is a folder, not a file"):
        read_document(tmp_path)


def test_a_file_that_may_not_be_read_says_why(tmp_path: Path) -> None:
    """The system's own reason is passed on; a file used as a folder fails for root, too."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="can't be read: Not a directory"):
        read_document(tmp_path / "file" / "ctihub.yaml")


def test_a_huge_file_is_refused(problems: Problems) -> None:
    """Nothing above the limit is parsed."""
    assert ["1:1: the file is too large: at most 1024 KiB"] == problems("#" * (MAX_BYTES + 1))


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "{a: " * 50_000])
def test_deep_nesting_does_not_exhaust_the_stack(problems: Problems, text: str) -> None:
    """A hundred thousand brackets are one problem, not a crash."""
    assert ["nested too deeply: at most 32 levels"] == [problem.split(": ", 1)[1] for problem in problems(text)]


def test_many_entries_are_refused(problems: Problems) -> None:
    """A file under the size limit can still hold more entries than any configuration."""
    (found,) = problems("[" + "a," * 120_000 + "]")
    assert found.endswith("too many entries: at most 100000")


def test_billion_laughs_do_not_exhaust_the_memory(problems: Problems) -> None:
    """Aliases of aliases expand to more than is allowed and are refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (found,) = problems("\n".join(lines))
    assert "aliases (*name) expand to too much" in found


def test_an_alias_to_itself_is_refused(problems: Problems) -> None:
    """A loop ends."""
    (found,) = problems("a: &a [*a]\n")
    assert "aliases (*name) expand to too much" in found


def test_aliases_may_be_used(tmp_path: Path) -> None:
    """An anchor saves repeating a list; the value's place is where it is written."""
    path = tmp_path / "x.yaml"
    path.write_text("a: &d [x]\nb: *d\n")
    document = read_document(path)
    assert {"a": ["x"], "b": ["x"]} == document.data


def test_a_byte_order_mark_and_crlf_are_taken(tmp_path: Path) -> None:
    """Editors on Windows write them."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    document = read_document(path)
    assert {"a": 1, "b": "x"} == document.data
    assert (2, 1) == document.key_place(("b",))


def test_comments_above_do_not_shift_places(problems: Problems) -> None:
    """Lines count from the top of the file."""
    assert ["9:1: unknown key 'x'"] == [found.split(";")[0] for found in problems(f"# a\n\n# b\n{MINIMAL}x: 1\n")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 10),
        ("-3", -3),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        (".inf", ".inf"),
        ("1_000", "1_000"),
        ("~", None),
        ("null", None),
        ("", None),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_values_follow_the_core_schema(text: str, expected: object) -> None:
    """YAML 1.2: Norway stays a country and a time of day stays text."""
    value = core_scalar(text)
    assert (type(expected), expected) == (type(value), value)
