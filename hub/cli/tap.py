"""`ctihub tap`: what happens on a running hub, live, as lines."""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from hub.cli.options import add_config, configuration
from hub.cli.outcome import FINE, CannotRunError

if TYPE_CHECKING:
    from hub.cli.tap_filter import EventFilter

_TOKEN_VARIABLE = "CTIHUB_TOKEN"  # noqa: S105 - the name of a variable
_EXAMPLES = f"""\
Reads the running hub's /api/v1/events. Address and token come from the configuration (hub.listen, the first of
auth.tokens that may read), or from --url and --token, or the environment variable {_TOKEN_VARIABLE}. When the
connection breaks it is made again, and goes on after the last event that was seen. End it with Ctrl-C.

examples:
  ctihub tap                               everything as it happens
  ctihub tap --type 'cti.call.*'           calls alone (may be given again)
  ctihub tap --call main-1763631000.17     one call
  ctihub tap --phone +49351123456          everything about that number
  ctihub tap --pbx main --type 'cti.agent.*'  agents of one PBX
  ctihub tap --after 0 --count 100         the first hundred events that are kept
  ctihub tap --json | jq .data             one CloudEvent a line
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--type", action="append", default=[], metavar="TYPE", help="event type, with * at its end")
    parser.add_argument("--call", metavar="ID", help="of this call")
    parser.add_argument("--phone", metavar="NUMBER", help="in which this number stands")
    parser.add_argument("--pbx", metavar="NAME", help="of this PBX")
    parser.add_argument("--after", type=_position, metavar="SEQUENCE", help="begin after this one; 0: the beginning")
    parser.add_argument("--count", type=_position, metavar="N", help="end after so many events")
    parser.add_argument("--json", action="store_true", help="one CloudEvent in JSON a line")
    parser.add_argument("--url", metavar="ADDRESS", help="of the hub, as in https://cti.example.com")
    parser.add_argument("--token", metavar="TOKEN", help=f"better as the environment variable {_TOKEN_VARIABLE}")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    url, token, region = _access(arguments)
    wanted = _filter(arguments, region)
    from hub.cli.tap_stream import follow
    from hub.cli.tap_words import line_of

    say = (lambda event: event.raw) if arguments.json else line_of
    asyncio.run(follow(url, token, wanted, say, after=arguments.after, count=arguments.count))
    return FINE


def _access(arguments: argparse.Namespace) -> tuple[str, str, str]:
    """Return the hub's address, a token, and the country whose numbers are meant."""
    token = arguments.token or os.environ.get(_TOKEN_VARIABLE, "")
    if arguments.url and token and not arguments.config.is_file():
        return arguments.url.rstrip("/"), token, ""
    config = configuration(arguments)
    tokens = [one.token.get_secret_value() for one in config.auth.tokens.values() if "read" in one.may]
    tokens += [one.token.get_secret_value() for one in config.auth.tokens.values()]
    if not token and not tokens:
        message = f"no token: add one under auth.tokens in the configuration, or set {_TOKEN_VARIABLE}"
        raise CannotRunError(message)
    host = config.listen_host
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what stands for all addresses is none to call
    shown = f"[{host}]" if ":" in host else host
    return (arguments.url or f"http://{shown}:{config.listen_port}").rstrip("/"), token or tokens[0], config.hub.region


def _filter(arguments: argparse.Namespace, region: str) -> EventFilter:
    from hub.cli.tap_filter import EventFilter
    from hub.domain.phone import parse_number

    number = ""
    if arguments.phone:
        number = parse_number(arguments.phone, region).e164 or ""
        if not number:
            raise CannotRunError("--phone: this is no telephone number; write it with + and country code")
    for one in arguments.type:
        if "*" in one.rstrip("*") or one.count("*") > 1:
            raise CannotRunError(f"--type {one}: a * stands for the rest, at the end, as in 'cti.call.*'")
    return EventFilter(tuple(arguments.type), call=arguments.call or "", phone=number, pbx=arguments.pbx or "")


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - as many digits as a sequence has
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)
