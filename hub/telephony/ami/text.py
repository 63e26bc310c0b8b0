r"""What AMI's bytes mean as text.

Asterisk passes on what phones and trunks sent, and claims no encoding. A message is UTF-8; a line that is
not is read as Windows-1252, which is what such a line nearly always is, with ``\x81`` and the like for the
five bytes that it lacks. The result can always be printed and always be sent as JSON.
"""

from __future__ import annotations

_LINE_END = b"\r\n"


def readable(data: bytes) -> str:
    """Decode one message, or a part of one."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "\r\n".join(_readable_line(line) for line in data.split(_LINE_END))


def _readable_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="backslashreplace")
