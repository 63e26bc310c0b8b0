"""An action to bytes. AMI is lines, so a value that could end its line could say anything after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ActionHeaders = Mapping[str, str | int | Sequence[str | int]]

# Asterisk drops what is longer and reads on behind it, so the rest of a long value becomes a line of its own.
_LINE_LIMIT = 1000
_LINES_LIMIT = 120
_FORBIDDEN = {"\r": "a carriage return", "\n": "a line feed", "\0": "a NUL"}


def encode_action(headers: ActionHeaders) -> bytes:
    """One action as it goes out; a list gives its header once for each item.

    Raises ``ValueError`` that names the header, never the value, which may be a secret.
    """
    lines: list[bytes] = []
    for name, value in headers.items():
        _check_name(name)
        values = [value] if isinstance(value, str | int) else value
        lines.extend(_line(name, str(one)) for one in values)
    if len(lines) > _LINES_LIMIT:
        raise ValueError(f"an AMI action of {len(lines)} lines is more than Asterisk takes ({_LINES_LIMIT})")
    return b"\r\n".join([*lines, b"", b""])


def _check_name(name: str) -> None:
    if not name or not name.isascii() or not name.isprintable() or ":" in name or name != name.strip():
        raise ValueError(f"{name!r} can't be the name of an AMI header")


def _line(name: str, value: str) -> bytes:
    for character, words in _FORBIDDEN.items():
        if character in value:
            raise ValueError(f"AMI header {name} holds {words}, which would end the line: refused")
    try:
        line = f"{name}: {value}".encode()
    except UnicodeEncodeError:
        raise ValueError(f"AMI header {name} holds characters that can't be sent as UTF-8") from None
    if len(line) > _LINE_LIMIT:
        raise ValueError(f"AMI header {name} makes {len(line)} bytes; Asterisk takes {_LINE_LIMIT}")
    return line
