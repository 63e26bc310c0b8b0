"""What a SQL statement says of itself: how it begins, what it would change, and where its values stand.

Only the words outside of texts, names in quotes and comments count. This tells mistakes early; that a lookup changes
nothing is enforced by the database, too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | --[^\r\n]* )
    | (?P<comment> /\* )
    | (?P<text>
          [eE]'(?: [^'\\] | \\. | '' )*'                                           # PostgreSQL's escapes
        | [nN]?[qQ]'(?: \[.*?\]' | \{.*?\}' | \(.*?\)' | <.*?>' | (?P<mark>[^\s\[{(<]).*?(?P=mark)' )   # Oracle's
        | \$(?P<tag>[A-Za-z_]\w*)?\$ .*? \$(?(tag)(?P=tag))\$                       # PostgreSQL's dollar quotes
        | (?:[nNbBxX]|[uU]&)?'(?: [^'] | '' )*'
        | "(?: [^"] | "" )*"
        | `(?: [^`] | `` )*`
      )
    | (?P<cast> :: | := )
    | (?P<value> :[A-Za-z_]\w* )
    | (?P<word> [^\W\d][\w$\#]* )
    | (?P<number> \d[\w.]* )
    | (?P<sign> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = ("space", "comment", "text", "cast", "value", "word", "number", "sign")
_LOOKING = frozenset({"SELECT", "WITH"})
_WRITING = frozenset({"INSERT", "UPDATE", "MERGE"})
_CHANGING = frozenset({"INSERT", "UPDATE", "MERGE", "DELETE", "TRUNCATE", "INTO"})
_NEVER = frozenset({"DELETE", "TRUNCATE", "DROP", "ALTER", "GRANT", "REVOKE", "EXECUTE"})


class _Token(NamedTuple):
    kind: str
    text: str

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


@dataclasses.dataclass(frozen=True, slots=True)
class SqlText:
    """One statement. `values` says of each of its `:names` whether it stands alone in `IN (:name)` and takes a list.

    `template` is the statement for SQLAlchemy's `text()`: colons that begin no value are escaped, the brackets around
    a list are taken out, because they come with the list.
    """

    template: str
    values: Mapping[str, bool]
    only_looks: bool
    words: tuple[str, ...]

    @classmethod
    def read(cls, statement: str) -> SqlText:
        """Read a statement that looks or writes. Raises ValueError for what is neither, or more than one."""
        tokens = list(_tokens(statement))
        plain = [token for token in tokens if token.kind not in {"space", "comment"}]
        words = tuple(token.word for token in plain if token.word)
        if any(token.text == ";" for token in plain if token.kind == "sign"):
            raise ValueError("holds a ;: give one statement, without a ; at its end")
        if any(token.text in {"'", '"', "`"} for token in plain if token.kind == "sign"):
            raise ValueError("a quote in it is not closed")
        first = next((token.word for token in plain if token.text != "("), "")
        if first not in _LOOKING | _WRITING:
            raise ValueError(
                "must begin with SELECT or WITH, and in `writes` with one of those or INSERT, UPDATE, MERGE"
            )
        _refuse(words, _NEVER)
        if first == "UPDATE" and "WHERE" not in words:
            raise ValueError("an UPDATE without WHERE changes every row: say which")
        lists = _lists(plain)
        return cls(_template(tokens, lists), lists, first in _LOOKING and not _CHANGING & set(words), words)

    def check_only_looks(self) -> None:
        """Raise ValueError if it would change or lock something."""
        _refuse(self.words, _CHANGING)
        if not self.only_looks:
            raise ValueError("a lookup only looks: it begins with SELECT or WITH")


def _refuse(words: tuple[str, ...], refused: frozenset[str]) -> None:
    for word in words:
        if word in refused:
            raise ValueError(f"{word} has no place here (if it is a name, write it in double quotes)")


def _tokens(statement: str) -> Iterator[_Token]:
    position = 0
    while position < len(statement):
        match = _TOKEN.match(statement, position)
        # `sign` takes any character, so that there always is a match.
        kind = next(name for name in _KINDS if match is not None and match[name])
        end = _comment_end(statement, position) if kind == "comment" or match is None else match.end()
        yield _Token(kind, statement[position:end])
        position = end


def _comment_end(statement: str, begin: int) -> int:
    """Find the end of a comment in which others may be nested (PostgreSQL). Raises ValueError if it has none."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", statement[begin:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return begin + mark.end()
    raise ValueError("a comment in it is not closed")


def _lists(plain: list[_Token]) -> dict[str, bool]:
    """Say of each value whether it is a list. Raises ValueError for one that is in one place and isn't in another."""
    found: dict[str, bool] = {}
    for index, token in enumerate(plain):
        if token.kind != "value":
            continue
        around = plain[max(index - 2, 0) : index] + plain[index + 1 : index + 2]
        is_list = [(one.word or one.text) for one in around] == ["IN", "(", ")"]
        name = token.text[1:]
        if found.setdefault(name, is_list) != is_list:
            raise ValueError(f"the value :{name} stands in IN (:{name}) and elsewhere: give the two different names")
    return found


def _template(tokens: list[_Token], lists: Mapping[str, bool]) -> str:
    parts: list[str] = []
    after_list = False
    for token in tokens:
        if token.kind == "value":
            if lists[token.text[1:]]:
                _take_out_bracket(parts)
                after_list = True
            # A space before it, because SQLAlchemy sees no value right after a letter.
            parts.append(f" {token.text}")
        elif after_list and token.text == ")":
            after_list = False
        else:
            parts.append(token.text.replace(":", "\\:"))
    return "".join(parts)


def _take_out_bracket(parts: list[str]) -> None:
    last = max(index for index, part in enumerate(parts) if part == "(")
    parts[last] = ""
