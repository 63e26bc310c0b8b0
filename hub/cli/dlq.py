"""`ctihub dlq list|show|replay|drop`: the dead letters, in the store itself, whether a hub runs or not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.cli.options import add_config, configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError
from hub.config.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.config.inbound import InboundFeed
    from hub.config.model import Config
    from hub.domain.inbound import DeadLetter
    from hub.journal.dead_letters_beside import DeadLettersBeside

STATES: Final = ("waiting", "replaying", "replayed", "dropped")
DEFAULT_LIMIT: Final = 50
_STORED_TOGETHER: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|replay|drop")
    listed = actions.add_parser("list", help="print what waits to be seen to, the newest first")
    _add_origin(listed)
    listed.add_argument("--state", choices=[*STATES, "all"], default=None, help="only these (waiting and replaying)")
    listed.add_argument("--limit", type=_count, default=DEFAULT_LIMIT, metavar="N", help=f"at most N ({DEFAULT_LIMIT})")
    listed.add_argument("--json", action="store_true", help="print a JSON object a line")
    show = actions.add_parser("show", help="print one with its original")
    show.add_argument("id", help="its id, or the beginning of it")
    show.add_argument("--json", action="store_true", help="print JSON, the original in base64")
    original = show.add_mutually_exclusive_group()
    original.add_argument("--raw", action="store_true", help="write the original's very bytes, and nothing else")
    original.add_argument("--output", type=Path, metavar="FILE", help="save the original's very bytes in a new file")
    replay = actions.add_parser("replay", help="have them tried again, with the mappings as they are now")
    drop = actions.add_parser("drop", help="put them away as seen to")
    drop.add_argument("--yes", action="store_true", help="really, also several")
    for action in (replay, drop):
        action.add_argument("ids", nargs="*", metavar="ID", help="ids, or beginnings of ids")
        _add_origin(action)
        action.add_argument("--all", action="store_true", help="all that wait")
    for action in (listed, show, replay, drop):
        add_config(action)


def run(arguments: argparse.Namespace) -> int:
    config = configuration(arguments)
    from hub.domain.ports import StoreError
    from hub.journal.dead_letters_beside import DeadLettersBeside

    _doubt_name(arguments, config)
    try:
        with DeadLettersBeside(config.store.place) as store:
            match arguments.action:
                case "list":
                    return _list(store, arguments)
                case "show":
                    return _show(store, arguments, config.inbound)
                case "replay":
                    return _replay(store, arguments)
                case _:
                    return _drop(store, arguments)
    except StoreError as error:
        raise CannotRunError(str(error)) from None


def _add_origin(parser: argparse.ArgumentParser) -> None:
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--feed", metavar="NAME", help="those of this inbound feed")
    origin.add_argument("--connector", metavar="NAME", help="what this backend did not take")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError("must be a whole number above 0")
    return int(text)


def _origin(arguments: argparse.Namespace) -> str | None:
    if arguments.feed:
        return f"/feed/{arguments.feed}"
    return f"/connector/{arguments.connector}" if arguments.connector else None


def _doubt_name(arguments: argparse.Namespace, config: Config) -> None:
    """Tell of a name that the configuration does not have; what it once had may still have dead letters."""
    for what, known in (("feed", config.inbound), ("connector", config.connectors)):
        name = getattr(arguments, what, None)
        if name is not None and name not in known:
            print(f"there is no {what} {name!r} any more, or never was{nearest(name, list(known))}", file=sys.stderr)


def _list(store: DeadLettersBeside, arguments: argparse.Namespace) -> int:
    from hub.cli.dlq_selection import pages
    from hub.cli.dlq_words import as_json, line, total
    from hub.domain.inbound import DeadLetterState

    states = tuple(DeadLetterState)
    if arguments.state is None:
        states = (DeadLetterState.WAITING, DeadLetterState.REPLAYING)
    elif arguments.state != "all":
        states = (DeadLetterState(arguments.state),)
    origin = _origin(arguments)
    shown = 0
    for letter in pages(store, origin=origin, states=states, limit=arguments.limit):
        print(as_json(letter) if arguments.json else line(letter))
        shown += 1
    if not arguments.json:
        print(total(shown, store.count_dead(origin=origin, states=states)))
    return FINE


def _show(store: DeadLettersBeside, arguments: argparse.Namespace, feeds: Mapping[str, InboundFeed]) -> int:
    from hub.cli.dlq_selection import the_one
    from hub.cli.dlq_words import as_json, page

    letter = the_one(store, arguments.id)
    if letter is None:
        return FOUND_WRONG
    if arguments.raw or arguments.output:
        return _write_original(letter, arguments.output)
    feed = feeds.get(letter.origin.removeprefix("/feed/"))
    print(as_json(letter) if arguments.json else page(letter, feed.encoding if feed else "utf-8"))
    return FINE


def _write_original(letter: DeadLetter, output: Path | None) -> int:
    if letter.file and not letter.body:
        print(f"the original is too large to be kept in the store: it is the file {letter.file!r}", file=sys.stderr)
        return FOUND_WRONG
    if output is None:
        if sys.stdout.isatty():
            raise CannotRunError("--raw would write foreign bytes to the terminal: redirect it, or use --output FILE")
        sys.stdout.buffer.write(letter.body)
        sys.stdout.flush()
        return FINE
    try:
        with output.open("xb") as file:
            output.chmod(0o600)
            file.write(letter.body)
    except OSError as error:
        raise CannotRunError(f"{output}: {error.strerror}") from None
    print(f"{len(letter.body)} bytes saved in {output}")
    return FINE


def _replay(store: DeadLettersBeside, arguments: argparse.Namespace) -> int:
    from hub.cli.dlq_replay import wait_for

    ids, is_complete = _chosen(store, arguments)
    asked = sum(store.replay(some) for some in _portions(ids))
    if not asked:
        print("nothing to replay")
        return FINE if is_complete else FOUND_WRONG
    return max(wait_for(store, ids), FINE if is_complete else FOUND_WRONG)


def _drop(store: DeadLettersBeside, arguments: argparse.Namespace) -> int:
    ids, is_complete = _chosen(store, arguments)
    if len(ids) > 1 and not arguments.yes:
        raise CannotRunError(f"that would drop {len(ids)} dead letters: say --yes")
    dropped = sum(store.drop(some) for some in _portions(ids))
    print(f"{dropped} dropped")
    return FINE if is_complete and dropped == len(ids) else FOUND_WRONG


def _chosen(store: DeadLettersBeside, arguments: argparse.Namespace) -> tuple[Sequence[str], bool]:
    """Return the ids of those that are meant, and whether every id that was named is one that is still open."""
    from hub.cli.dlq_selection import open_ids, pages
    from hub.domain.inbound import DeadLetterState

    origin = _origin(arguments)
    ways = sum((bool(arguments.ids), origin is not None, arguments.all))
    if ways != 1:
        raise CannotRunError("say which: either ids, or --feed or --connector NAME, or --all")
    if arguments.ids:
        return open_ids(store, arguments.ids)
    waiting = (DeadLetterState.WAITING, DeadLetterState.REPLAYING)
    return [letter.id for letter in pages(store, origin=origin, states=waiting)], True


def _portions(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[first : first + _STORED_TOGETHER] for first in range(0, len(ids), _STORED_TOGETHER)]
