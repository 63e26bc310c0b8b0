"""`ctihub trace`: one lookup as the hub does it, with every request, reply and mapped field in sight."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from hub.cli.options import add_config, usable_configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from hub.config.model import Config
    from hub.domain.customer import CustomerQuery

_EXAMPLES = """\
Give one of --phone, --email and --id. What feeds told of the customer is not among it: connectors are asked.
Secrets are hidden wherever they stand: passwords, tokens, cookies, session ids.
What the customers' records hold is shown: treat the output like the records themselves.

examples:
  ctihub trace --phone +49351123456                     all connectors, and the customer that the agent sees
  ctihub trace --phone 0351123456 --connector sap       one connector
  ctihub trace --id crm:0042 --connector crm --full     by the id that CRM has, replies in full
  ctihub trace --email petra@example.com --json         for programs

exit status: 0 all asked answered (nobody found is an answer), 1 a connector failed, 2 could not run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--phone", metavar="NUMBER", help="as dialled, or with + and country code")
    parser.add_argument("--email", metavar="ADDRESS")
    parser.add_argument("--id", metavar="SYSTEM:ID", help="the customer's id in a system (a connector's name)")
    parser.add_argument("--connector", action="append", metavar="NAME", help="only this one (may be given again)")
    parser.add_argument("--full", action="store_true", help="show replies in full instead of their first 120 lines")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    config = usable_configuration(arguments)
    names = _chosen(config, arguments.connector)
    query = _query(arguments, config.hub.region)
    from hub.cli.trace_report import print_json, print_report
    from hub.cli.tracing import traced
    from hub.logs import set_up_logs

    set_up_logs("error")
    found = asyncio.run(traced(config, names, query))
    if arguments.json:
        print_json(found)
    else:
        print_report(found, is_full=arguments.full)
    return FOUND_WRONG if any(one.error for one in found.connectors) else FINE


def _chosen(config: Config, wanted: list[str] | None) -> list[str]:
    from hub.config.wording import nearest

    if not config.connectors:
        raise CannotRunError("the configuration has no connectors: there is nobody to ask")
    for name in wanted or ():
        if name not in config.connectors:
            raise CannotRunError(f"there is no connector {name!r}{nearest(name, list(config.connectors))}")
    return [name for name in config.connectors if wanted is None or name in wanted]


def _query(arguments: argparse.Namespace, region: str) -> CustomerQuery:
    from hub.domain.customer import CustomerQuery
    from hub.domain.phone import parse_number

    given = [name for name in ("phone", "email", "id") if getattr(arguments, name)]
    if len(given) != 1:
        raise CannotRunError("say whom to look for by one of --phone, --email and --id")
    if arguments.phone:
        number = parse_number(arguments.phone, region)
        if not number.e164:
            raise CannotRunError(
                f"--phone: this is no number of {region} or with a country code: no lookup would start"
            )
        return CustomerQuery(phone=number)
    if arguments.email:
        return CustomerQuery(email=arguments.email)
    system, colon, identifier = arguments.id.partition(":")
    if not (system and colon and identifier):
        raise CannotRunError(
            "--id is SYSTEM:ID, as in crm:0042; SYSTEM is a connector's name, or an operation's `system`"
        )
    return CustomerQuery(ids={system: identifier})
