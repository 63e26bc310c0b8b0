"""What ``Command`` printed, as Asterisk 13 and older send it.

There the reply ``Response: Follows`` is a few headers, then the output as it came, blank lines and all, then
``--END COMMAND--``. From Asterisk 14 on every line of output is a header ``Output``; so it is made to be here.
"""

from __future__ import annotations

FOLLOWS = b"Response: Follows"
COMMAND_END = b"--END COMMAND--"
_HEADERS = ("Response:", "Privilege:", "ActionID:", "Message:")


def as_output_headers(text: str) -> str:
    """Turn the text of an old ``Command`` reply into that of a new one; leave any other reply as it is."""
    if not text.startswith(FOLLOWS.decode()):
        return text
    body, _, _ = text.partition(COMMAND_END.decode())
    lines = body.removesuffix("\n").removesuffix("\r").replace("\r\n", "\n").split("\n")
    headers = 0
    while headers < len(lines) and lines[headers].startswith(_HEADERS):
        headers += 1
    return "\r\n".join([*lines[:headers], *(f"Output: {line}" for line in lines[headers:])])
