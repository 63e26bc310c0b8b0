"""`ctihub customer export|erase|accesses`: what the store holds of one customer, whether a hub runs or not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.cli.options import add_config, configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from hub.config.model import Config
    from hub.journal.erasure import CustomerBeside
    from hub.journal.erasure_scope import Scope

DEFAULT_LIMIT: Final = 100
_EXAMPLES: Final = """\
It works on the store, whether the hub runs or not, and asks no backend: those have their own.

examples:
  ctihub customer export crm:0042 --out petra.json    everything, as JSON, in a file that you alone can read
  ctihub customer erase +49351123456 --dry-run        whose it is, how much, and who has it besides
  ctihub customer erase +49351123456 --yes
  ctihub customer accesses petra@example.com          who has seen it

exit status: 0 done, 1 nothing is held, or something is left to be done, 2 could not run
"""
_WHO: Final = "the customer: SYSTEM:ID, a number (+49351...) or an e-mail address"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="export|erase|accesses")
    export = actions.add_parser("export", help="print everything that is held of a customer, as JSON")
    export.add_argument("--out", type=Path, metavar="FILE", help="write it into a new file, for you alone to read")
    erase = actions.add_parser("erase", help="erase a customer from the journal and all that is kept beside it")
    erase.add_argument("--yes", action="store_true", help="really")
    erase.add_argument("--dry-run", action="store_true", help="only say what would be erased")
    accesses = actions.add_parser("accesses", help="print who has seen a customer's data, the newest first")
    accesses.add_argument("--limit", type=int, default=DEFAULT_LIMIT, metavar="N", help=f"at most N ({DEFAULT_LIMIT})")
    accesses.add_argument("--json", action="store_true", help="print a JSON object a line")
    for action in (export, erase, accesses):
        action.add_argument("key", metavar="KEY", help=_WHO)
        add_config(action)


def run(arguments: argparse.Namespace) -> int:
    config = configuration(arguments)
    from hub.cli.customer_key import key_of
    from hub.domain.ports import StoreError
    from hub.journal.erasure import CustomerBeside
    from hub.journal.erasure_who import AmbiguousKeyError

    key = key_of(arguments.key, config.hub.region)
    try:
        with CustomerBeside(config.store.place) as store:
            match arguments.action:
                case "export":
                    return _export(store, _scope(store, key, config), arguments.out)
                case "erase":
                    return _erase(store, key, config, arguments)
                case _:
                    return _accesses(store, _scope(store, key, config), arguments)
    except AmbiguousKeyError as error:
        several = "\n".join(f"  {ref.system}:{ref.id}" for ref in error.records)
        raise CannotRunError(f"several customers are known by {key}: name one of them\n{several}") from None
    except StoreError as error:
        raise CannotRunError(str(error)) from None


def _scope(store: CustomerBeside, key: str, config: Config) -> Scope:
    from hub.cli.customer_key import same_customer, shared

    return store.scope(key, shared=shared(config), same=same_customer(config))


def _export(store: CustomerBeside, scope: Scope, out: Path | None) -> int:
    import msgspec

    from hub.cli.customer_words import access_now, named
    from hub.domain.ports import AccessAction
    from hub.journal.export import export

    exported = export(store.connection, scope)
    if exported.is_empty:
        print(f"nothing is held of {named(scope.asked)}", file=sys.stderr)
        return FOUND_WRONG
    store.saw(access_now(AccessAction.EXPORT, tuple(sorted(scope.keys))))
    text = msgspec.json.format(msgspec.json.encode(exported), indent=2)
    if out is None:
        sys.stdout.buffer.write(text + b"\n")
        sys.stdout.flush()
        return FINE
    try:
        out.touch(mode=0o600, exist_ok=False)
        out.write_bytes(text + b"\n")
    except OSError as error:
        raise CannotRunError(f"{out}: {error.strerror}") from None
    print(f"{len(text) + 1} bytes written to {out}")
    return FINE


def _erase(store: CustomerBeside, key: str, config: Config, arguments: argparse.Namespace) -> int:
    from hub.cli.customer_erase import carry_out, dry_run
    from hub.journal.erasure import ERASURE

    begun = store.unfinished(key)
    if begun is None and key.startswith(ERASURE):
        raise CannotRunError(f"there is no unfinished {key}")
    scope = begun[1] if begun else _scope(store, key, config)
    if arguments.dry_run:
        return dry_run(store, scope, config)
    if not arguments.yes:
        raise CannotRunError("what is erased can't be brought back: look with --dry-run, then say --yes")
    return carry_out(store, scope, config, erasure_id=begun[0] if begun else None)


def _accesses(store: CustomerBeside, scope: Scope, arguments: argparse.Namespace) -> int:
    import msgspec

    from hub.cli.customer_words import access_line

    found = store.accesses(scope.keys | scope.shared, limit=max(1, arguments.limit))
    for access in found:
        print(msgspec.json.encode(access).decode() if arguments.json else access_line(access))
    if not arguments.json:
        print(f"{len(found)} access{'' if len(found) == 1 else 'es'}")
    return FINE
