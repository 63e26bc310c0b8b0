"""Asterisk's configuration files as blocks of settings, read with pyst2's `asterisk.config`.

pyst2 reads `[name]`, `name = value` and `name => value`, and gives up a whole file at the first line that is none of
these. Templates, includes, block comments and escaped semicolons are therefore taken care of before and after it, as
Asterisk does (main/config.c).
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asterisk.config

from hub.domain.phone import clean_text

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 500_000
MAX_DEPTH = 10
"""How deep files may include each other; Asterisk's own limit."""

MAX_INHERITED = 1_000_000
"""Settings that blocks take over from templates, in all files together."""

MAX_NOTES = 1_000

_ETC = "/etc/asterisk"
_HEADER = re.compile(r"\[([^\]]*)\](?:\(([^)]*)\))?")
_COMMENT_MARK = re.compile(r"(?<!\\);--(?!-)|--;|(?<!\\);")
_INCLUDE = re.compile(r"#(include|tryinclude|exec)\s*(.*)", re.IGNORECASE)
_SEMICOLON = "\ue03b"
"""Stands for an escaped semicolon on its way through pyst2, for which each one begins a comment."""


class Place(NamedTuple):
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Setting(NamedTuple):
    name: str
    value: str
    place: Place


class Block:
    """One `[name]` with its settings, those of its templates first."""

    def __init__(self, name: str, settings: list[Setting], place: Place, *, is_template: bool = False) -> None:
        self.name = name
        self.settings = settings
        self.place = place
        self.is_template = is_template

    def get(self, name: str, default: str = "") -> str:
        """Return the value that counts: the last one."""
        return next((setting.value for setting in reversed(self.settings) if setting.name == name), default)

    def all(self, name: str) -> list[Setting]:
        return [setting for setting in self.settings if setting.name == name]

    def is_on(self, name: str) -> bool:
        """Whether a yes-or-no setting is on, in any of Asterisk's words for it."""
        return self.get(name).lower() in {"yes", "true", "y", "t", "1", "on"}


class _Line(NamedTuple):
    text: str
    place: Place
    options: tuple[str, ...] = ()


class _Lines(asterisk.config.Config):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's parser over lines that are in memory, all of which it can read."""

    def __init__(self, lines: list[_Line]) -> None:
        self._given = [line.text for line in lines]
        super().__init__("")

    def load(self) -> None:
        self.raw_lines = self._given


class AsteriskFiles:
    """The files of one folder, as a rule a copy of /etc/asterisk.

    `notes` are what could not be read, as `file:line: message`; nothing that a file holds makes `blocks` raise.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines_read = 0
        self._bytes_read = 0
        self._inherited = 0
        self._has_block = False
        self.notes: list[str] = []

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def note(self, place: Place, message: str) -> None:
        """Tell of something that was left out."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(f"{place}: {message}")
        elif len(self.notes) == MAX_NOTES:
            self.notes.append("and more; these are the first")

    def blocks(self, name: str) -> list[Block]:
        """Return the blocks of a file and of all that it includes, without templates; none where there is no file."""
        if not self.has(name):
            return []
        self._has_block = False
        lines = [*self._lines(self._folder / name, name, ())]
        found: dict[str, list[Block]] = {}
        for category in _Lines(lines).categories:
            own = [
                Setting(_key(item.name), _restored(item.value), lines[item.number - 1].place) for item in category.items
            ]
            self._add(found, _restored(category.name), lines[category.number - 1], own)
        return [block for namesakes in found.values() for block in namesakes if not block.is_template]

    def _add(self, found: dict[str, list[Block]], name: str, header: _Line, own: list[Setting]) -> None:
        inherited: list[Setting] = []
        for option in header.options:
            if option.startswith("+"):
                block = _to_append_to(found.get(name, []), option[1:])
                if block is None:
                    self.note(header.place, f"no [{clean_text(name)}] stands before it to which it could be added")
                else:
                    block.settings += own
                return
            if option != "!":
                inherited += self._settings_of_template(found, option, header.place)
        block = Block(name, inherited + own, header.place, is_template="!" in header.options)
        found.setdefault(name, []).append(block)

    def _settings_of_template(self, found: dict[str, list[Block]], name: str, place: Place) -> list[Setting]:
        template = found.get(name, [None])[0]
        if template is None:
            self.note(place, f"the template {clean_text(name)!r} is not there")
            return []
        self._inherited += len(template.settings)
        if self._inherited > MAX_INHERITED:
            self.note(place, "the templates multiply without an end: what they say is left out from here on")
            return []
        return template.settings

    def _lines(self, path: Path, shown: str, within: tuple[Path, ...]) -> Iterator[_Line]:
        """Yield the lines that pyst2 can read, of a file and of those that it includes; `within` are those around."""
        comment_depth = 0
        for number, raw in enumerate(self._read(path, shown), 1):
            self._lines_read += 1
            place = Place(shown, number)
            if self._lines_read > MAX_LINES:
                self.note(place, f"more than {MAX_LINES} lines: the rest is not read")
                return
            text, comment_depth = _without_comments(raw, comment_depth)
            if not text:
                continue
            if text.startswith("#"):
                yield from self._included(text, place, (*within, path))
                continue
            line = self._readable(text, place)
            if line is not None:
                yield line
        if comment_depth:
            self.note(Place(shown, 1), "a comment begun with ;-- is not ended with --;")

    def _readable(self, text: str, place: Place) -> _Line | None:
        if text.startswith("["):
            header = _HEADER.match(text)
            if header is None or not header[1].strip():
                self.note(place, "this is no [name], as a ] or the name is missing")
                return None
            self._has_block = True
            options = tuple(option.strip() for option in (header[2] or "").split(",") if option.strip())
            return _Line(f"[{header[1]}]", place, options)
        if not text.partition("=")[0].strip() or "=" not in text:
            self.note(place, "this is neither [name] nor name = value")
            return None
        if not self._has_block:
            self.note(place, "this stands before any [name]")
            return None
        return _Line(text, place)

    def _included(self, text: str, place: Place, within: tuple[Path, ...]) -> Iterator[_Line]:
        directive = _INCLUDE.fullmatch(text)
        if directive is None:
            self.note(place, "this directive is unknown: #include, #tryinclude and #exec are")
            return
        kind, pattern = directive[1].lower(), directive[2].strip().strip('"<>').strip()
        if kind == "exec":
            self.note(place, "what a program would print here is not read: it is not run")
            return
        if len(within) >= MAX_DEPTH:
            self.note(place, f"files include each other more than {MAX_DEPTH} deep: not read")
            return
        paths = self._paths(pattern)
        if paths is None:
            self.note(place, f"{clean_text(pattern)!r} lies outside of the folder: not read")
        elif not paths and kind == "include":
            self.note(place, f"{clean_text(pattern)!r} is not there")
        for path in paths or ():
            if path in within:
                self.note(place, f"{clean_text(pattern)!r} includes itself: not read again")
            else:
                yield from self._lines(path, os.path.relpath(path, self._folder), within)

    def _paths(self, pattern: str) -> list[Path] | None:
        """Return the files that an include names; None where it leads out of the folder."""
        relative = os.path.normpath(pattern.removeprefix(f"{_ETC}/"))
        if "\0" in pattern or relative.startswith(("/", "..")):
            return None
        names = sorted(glob.glob(relative, root_dir=self._folder))  # noqa: PTH207 - Path.glob raises for some patterns
        return [path for path in map(self._folder.joinpath, names) if path.is_file()]

    def _read(self, path: Path, shown: str) -> list[str]:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self.note(Place(shown, 1), f"can't be read: {error.strerror}")
            return []
        self._bytes_read += len(content)
        if len(content) > MAX_FILE_BYTES:
            self.note(Place(shown, 1), f"larger than {MAX_FILE_BYTES // 1024 // 1024} MB: not read")
            return []
        if self._bytes_read > MAX_BYTES:
            self.note(Place(shown, 1), f"not read: the files before it had {MAX_BYTES // 1024 // 1024} MB already")
            return []
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        return text.replace("\r\n", "\n").split("\n")


def _without_comments(line: str, depth: int) -> tuple[str, int]:
    """Return what a line says besides comments, and how many `;--` are open after it."""
    kept: list[str] = []
    at = 0
    for mark in _COMMENT_MARK.finditer(line):
        if mark.start() < at:
            continue
        if mark[0] == "--;":
            if depth:
                depth -= 1
                at = mark.end()
                continue
            # Outside of a comment only its semicolon counts.
            return _kept(kept, line[at : mark.end() - 1]), 0
        if not depth:
            kept.append(line[at : mark.start()])
        if mark[0] == ";--":
            depth += 1
            at = mark.end()
        elif not depth:
            return _kept(kept, ""), 0
    return _kept(kept, "" if depth else line[at:]), depth


def _kept(parts: list[str], last: str) -> str:
    return "".join([*parts, last]).replace("\\;", _SEMICOLON).strip()


def _key(name: str) -> str:
    """Return a setting's name; `name += value` adds to what a template says, which keeps both values."""
    return name.removesuffix("+").strip().lower()


def _restored(text: str) -> str:
    return text.replace(_SEMICOLON, ";").strip()


def _to_append_to(namesakes: list[Block], conditions: str) -> Block | None:
    """Return the block that `[name](+)` adds to, the first with all of `(+setting=value&setting=value)`."""
    wanted = [tuple(part.strip().split("=", 1)) for part in conditions.split("&") if "=" in part]
    for block in namesakes:
        if all(block.get(pair[0].lower()) == pair[1] for pair in wanted):
            return block
    return None
