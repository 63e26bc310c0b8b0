"""The lines with which Asterisk begins a FastAGI connection, and the question that they ask. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from hub.domain.phone import PhoneNumber, clean_text, parse_number
from hub.domain.routing import Enquiry
from hub.telephony.fastagi.errors import FastAgiError

MAX_LINES = 200
MAX_BYTES = 32 * 1024
MAX_ARGUMENTS = 32
MAX_ARGUMENT = 256

_PREFIX = "agi_"
_UNKNOWN = frozenset({"", "unknown", "<unknown>"})
_NO_EXTENSION = frozenset({"s", "h", "i", "t", "T", "e"})
"""Extensions that are places in a dialplan and no number that anyone dialled."""

_PRESENTATION_MASK = 0x60
_PRESENTATION_PROHIBITED = 0x20


class Environment:
    """The variables of one connection.

    A caller's number may bring line breaks with it (Asterisk decodes them out of SIP), so that a caller writes lines
    here. The request comes before the caller's number, and of two values of one name the first counts.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._lines = 0
        self._bytes = 0

    def take(self, line: bytes) -> bool:
        """Take one line; return whether it was the last. Raises FastAgiError for what is no environment."""
        self._lines += 1
        self._bytes += len(line)
        if self._lines > MAX_LINES or self._bytes > MAX_BYTES:
            raise FastAgiError(f"the environment is longer than {MAX_LINES} lines or {MAX_BYTES // 1024} KiB")
        text = line.decode("utf-8", "replace").strip("\r\n")
        if not text:
            if "agi_request" not in self._values:
                raise FastAgiError("the environment ends without agi_request: this is not FastAGI")
            return True
        name, colon, value = text.partition(":")
        if colon and name.startswith(_PREFIX):
            self._values.setdefault(name, value.strip())
        elif not self._values:
            raise FastAgiError("the first line is no agi_ variable: this is not FastAGI")
        return False

    def __getitem__(self, name: str) -> str:
        return self._values.get(_PREFIX + name, "")

    @property
    def script(self) -> str:
        """The path that was asked for, without slashes around it: `customer` of agi://hub/customer?queue=support."""
        return self._target.partition("?")[0].strip("/")

    @property
    def arguments(self) -> dict[str, str]:
        """What the dialplan says besides: `?name=value` in the address, and arguments `name=value` behind it.

        Of two values of one name the first counts: in a value that came from a caller may be further arguments.
        """
        given: list[tuple[str, str]] = []
        try:
            given += parse_qsl(self._target.partition("?")[2], keep_blank_values=True, max_num_fields=MAX_ARGUMENTS)
        except ValueError:
            raise FastAgiError(f"the address has more than {MAX_ARGUMENTS} arguments") from None
        for number in range(1, MAX_ARGUMENTS + 1):
            name, equals, value = self[f"arg_{number}"].partition("=")
            if equals:
                given.append((name.strip(), value))
        return {clean_text(name): clean_text(value, MAX_ARGUMENT) for name, value in reversed(given[:MAX_ARGUMENTS])}

    @property
    def _target(self) -> str:
        # Without a path Asterisk has no agi_network_script to say.
        return self["network_script"] or self["request"].partition("://")[2].partition("/")[2]


def enquiry_of(environment: Environment, *, pbx: str, call_id: str, region: str) -> Enquiry:
    """Return the question: who calls, whom they dialled, and what the dialplan says of its own accord.

    An argument `number` stands in place of the caller's own number, `queue` is the queue they would go to. A number
    that its owner asked not to show is not used, unless the dialplan passes it on purpose.
    """
    arguments = dict(environment.arguments)
    number = arguments.pop("number", "")
    return Enquiry(
        caller=parse_number(number, region) if number else _caller(environment, region),
        pbx=pbx,
        call_id=call_id,
        dialled=_dialled(environment, region),
        queue=clean_text(arguments.pop("queue", "")),
        arguments=_others(arguments),
    )


def _caller(environment: Environment, region: str) -> PhoneNumber:
    if _is_withheld(environment["callingpres"]):
        return PhoneNumber(anonymous=True)
    return parse_number(environment["callerid"], region)


def _is_withheld(presentation: str) -> bool:
    """Tell by Asterisk's number of a presentation (0 to 255)."""
    if not re.fullmatch(r"[0-9]{1,3}", presentation):
        return False
    return int(presentation) & _PRESENTATION_MASK == _PRESENTATION_PROHIBITED


def _dialled(environment: Environment, region: str) -> str:
    for name in ("dnid", "extension"):
        text = environment[name]
        if text not in _UNKNOWN | _NO_EXTENSION:
            number = parse_number(text, region)
            return number.e164 or number.raw
    return ""


def _others(arguments: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in arguments.items() if name and name != "pbx"}
