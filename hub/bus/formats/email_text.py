"""The text of a mail: out of whatever encoding it is in, out of HTML, and without what was said before."""

from __future__ import annotations

import codecs
import re
from typing import Final

from hub.domain.encodings import wire_encoding

MAX_TEXT: Final = 20_000
"""Characters of a mail's text that are kept."""
MAX_HTML: Final = 512 * 1024
MAX_LINES: Final = 5_000

# Programs name the smaller encoding and use the larger one (WHATWG's Encoding has the same).
_LARGER: Final = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "hz", "shift_jis": "cp932", "euc_kr": "cp949",
                  "ascii": "utf-8", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "iso8859-11",
                  "iso2022_jp": "iso2022_jp_ext", "big5": "big5hkscs"}  # fmt: skip
_NO_TEXT: Final = frozenset({"head", "script", "style", "title", "template", "noscript", "svg", "math", "object",
                             "iframe", "select", "textarea", "audio", "video", "canvas"})  # fmt: skip
_BLOCKS: Final = frozenset({"address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "figure", "footer",
                            "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre",
                            "section", "table", "tr", "ul", "br"})  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_SPACES: Final = re.compile(r"[ \t\r\n\f\v\xa0\u200b\ufeff]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_QUOTED: Final = re.compile(r"^ ?[>|]")
_ORIGINAL: Final = re.compile(
    r"^\s*-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"original-nachricht|message d'origine|message transféré|mensaje original|messaggio originale|"
    r"原始邮件|原始郵件|转发邮件|轉寄郵件|元のメッセージ)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"^\s*_{10,}\s*$")
_FROM_LINE: Final = re.compile(r"^\s*\*?(from|von|de|da|发件人|寄件者|差出人)\*?\s?[:：]", re.IGNORECASE)
_SENT_LINE: Final = re.compile(
    r"^\s*\*?(sent|date|gesendet|datum|envoyé|enviado|inviato|发送时间|日期|寄件日期|送信日時)\*?\s?[:：]",
    re.IGNORECASE,
)
_INTRODUCES: Final = (":", "：")
_INTRODUCTION_LINES: Final = 3
_SIGNATURE: Final = "-- "
_SIGNATURE_LINES: Final = 20


def decoded(data: bytes, charset: str, *, is_cut: bool = False) -> str:
    """Return text in the encoding that its sender names, in UTF-8 where that is evidently what it is.

    Unreadable bytes become U+FFFD. `is_cut`: the last character may be there in part only.
    """
    try:
        named = wire_encoding(charset.strip("'\" ")) if charset else "utf-8"
    except LookupError:
        named = "utf-8"
    named = _LARGER.get(named, named)
    for encoding in dict.fromkeys((named, "utf-8")):
        try:
            return codecs.getincrementaldecoder(encoding)().decode(data, final=not is_cut)
        except UnicodeError:
            continue
    return data.decode("cp1252" if named == "utf-8" else named, errors="replace")


def tidy(text: str, limit: int = MAX_TEXT) -> str:
    """Return text without control characters and half characters, with at most one empty line at a time."""
    kept = "".join(
        character if character.isprintable() or character == "\n" else " " if character.isspace() else ""
        for character in text[: limit * 4].replace("\r\n", "\n").replace("\r", "\n")
        if not "\ud800" <= character <= "\udfff"
    )
    lines = "\n".join(line if line == _SIGNATURE else line.rstrip() for line in kept.split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip()[:limit].rstrip()


def unflowed(text: str, *, deletes_space: bool) -> str:
    """Join the lines that were broken for transport (RFC 3676, format=flowed)."""
    made: list[str] = []
    open_depth: int | None = None
    for line in text.splitlines()[:MAX_LINES]:
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")  # space-stuffing
        is_soft = bare.endswith(" ") and bare != "-- "
        part = bare[:-1] if is_soft and deletes_space else bare
        if open_depth == depth and made:
            made[-1] += part
        else:
            made.append(f"{'>' * depth} {part}" if depth else part)
        open_depth = depth if is_soft else None
    return "\n".join(made)


def html_text(html: str) -> str:
    """Return what a page says in words. Nothing is run, nothing fetched; what is no HTML gives what words it has."""
    from lxml import etree

    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = etree.fromstring(html[:MAX_HTML].encode("utf-8", "replace"), parser)
    except etree.LxmlError:  # nothing in it, or nested beyond what the library takes
        root = None
    if root is None:
        return ""
    pieces: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        is_hidden = tag in _NO_TEXT
        is_start = event == "start"
        hidden += (1 if is_start else -1) if is_hidden else 0
        if hidden:
            continue
        pieces.append("\n" if tag in _BLOCKS else " " if tag in _CELLS else "")
        if is_start and tag == "li":
            pieces.append("- ")
        words = element.text if is_start else element.tail
        if words and not (is_start and is_hidden):
            pieces.append(_SPACES.sub(" ", words))
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(pieces).split("\n"))
    return "\n".join(lines)


def without_history(text: str) -> str:
    """Return what is new in a mail: without the signature, and without earlier mails quoted below.

    It is cut where a convention says so, and only if something is left: a line of two hyphens and a space (RFC 3676), a
    program's "Original Message" or its header lines, or quoted lines (`>`) to the end with what introduces them. What
    is answered line by line, or below the quotation, stays whole.
    """
    # A signature stands above what is quoted, or below all of it.
    lines = _unsigned(text.split("\n")[:MAX_LINES])
    new = "\n".join(_unsigned(lines[: _history_begins(lines)])).strip()
    return new or "\n".join(lines).strip() or text.strip()


def _unsigned(lines: list[str]) -> list[str]:
    last = range(max(1, len(lines) - _SIGNATURE_LINES), len(lines))
    # Many programs lose the space.
    signature = next((number for number in last if lines[number] in {_SIGNATURE, _SIGNATURE.rstrip()}), len(lines))
    return lines[:signature]


def _history_begins(lines: list[str]) -> int:
    for number, line in enumerate(lines):
        after = lines[number + 1 : number + 3]
        if _ORIGINAL.match(line) or (_RULE.match(line) and any(map(_FROM_LINE.match, after))):
            return number
        if _FROM_LINE.match(line) and any(map(_SENT_LINE.match, after)):
            return number
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    if not any(_QUOTED.match(line) for line in lines[end:]):
        return len(lines)
    return _introduction_begins(lines, end)


def _introduction_begins(lines: list[str], end: int) -> int:
    """Return where "On Monday Petra wrote:" begins, which stands above what is quoted and may be broken in lines."""
    if not end or not lines[end - 1].rstrip().endswith(_INTRODUCES):
        return end
    first = end - 1
    while first and end - first < _INTRODUCTION_LINES and lines[first - 1].strip():
        first -= 1
    # Only a paragraph that is nothing but the introduction goes as a whole.
    return first if not first or not lines[first - 1].strip() else end - 1
