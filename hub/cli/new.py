"""`ctihub new connector`: from a contract to a connector that can be tried."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from hub.cli.new_candidates import Candidate
    from hub.cli.new_files import Draft

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
MAX_SHOWN = 12
_EXAMPLES = """\
Reads what a backend says of itself, finds the operation that looks a customer up by telephone number, and writes
  NAME.ctihub.yaml                      a configuration with the connector, to lint, check and trace as it is
  mappings/NAME/customer.yaml           a first mapping
  mappings/NAME/customer.test.yaml      its test, with a sample made from the contract
and what an address given for --edmx or --openapi answered. Nothing is overwritten. Where no operation is clearly the
best it lists those that could do: choose by --operation.

examples:
  ctihub new connector crm --wsdl https://crm.example.com/soap?wsdl
  ctihub new connector crm --wsdl Crm.wsdl --svcmap Reference.svcmap --operation FindContact
  ctihub new connector s4 --edmx API_BUSINESS_PARTNER.edmx --url https://s4.example.com/sap/opu/odata/sap/API_BUSINESS_PARTNER
  ctihub new connector shop --openapi openapi.yaml --output shop
  ctihub new connector crm --edmx 'https://crm.example.com/odata/$metadata'
  ctihub new connector crm --wsdl Crm.wsdl --list

exit status: 0 written, 1 no clear operation, or what was written needs your hand, 2 could not run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["connector"], metavar="connector")
    parser.add_argument("name", metavar="NAME", help="of the connector: small letters, digits and _")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--wsdl", metavar="URL|FILE", help="of a SOAP service")
    source.add_argument("--edmx", metavar="URL|FILE", help="what an OData service answers to $metadata")
    source.add_argument(
        "--openapi", metavar="URL|FILE", help="of a REST service: OpenAPI 3 or Swagger 2.0, JSON or YAML"
    )
    parser.add_argument("--svcmap", type=Path, metavar="FILE", help="with --wsdl: the local files of its imports")
    parser.add_argument("--operation", metavar="OP", help="the operation, entity set, or METHOD /path to look up by")
    parser.add_argument("--url", metavar="ADDRESS", help="where the service is, if the contract doesn't say")
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where the files go (.)")
    parser.add_argument("--region", default="DE", metavar="CC", help="the country of national numbers (DE)")
    parser.add_argument("--list", action="store_true", help="list the operations, write nothing")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    from connectors.shapes import ContractError
    from hub.cli.new_candidates import ranked
    from hub.cli.new_drafts import draft_of
    from hub.domain.phone import is_region

    if not _NAME.fullmatch(arguments.name):
        raise CannotRunError(f"{arguments.name!r}: a connector's name has small letters, digits and _, a letter first")
    if not is_region(arguments.region):
        raise CannotRunError(f"--region {arguments.region}: a two-letter country code in capitals, as in DE or CN")
    try:
        draft = draft_of(arguments)
    except ContractError as error:
        raise CannotRunError(str(error)) from None
    candidates = ranked(draft.candidates)
    if arguments.list:
        _tell(candidates, len(candidates))
        return FINE
    chosen = _chosen(candidates, arguments.operation)
    if chosen is None:
        print("no operation is clearly the one that looks a customer up by telephone number; these could do:")
        _tell([one for one in candidates if one.score > 0] or candidates, MAX_SHOWN)
        print("choose one by --operation; --list shows all")
        return FOUND_WRONG
    return _written(draft, chosen, arguments)


def _tell(candidates: list[Candidate], most: int) -> None:
    width = max((len(one.name) for one in candidates[:most]), default=0)
    for one in candidates[:most]:
        by = f"by {one.asked_by}" if one.asked_by else ""
        gives = "" if one.proposal is not None else "answers with no customer that could be told"
        print(f"  {one.name:{width}}  {', '.join(filter(None, (by, one.about, gives)))}".rstrip())
    if len(candidates) > most:
        print(f"  .. and {len(candidates) - most} more")


def _chosen(candidates: list[Candidate], named: str | None) -> Candidate | None:
    from hub.cli.new_candidates import clear_choice
    from hub.config.wording import nearest

    if named is None:
        return clear_choice(candidates)
    for one in candidates:
        if one.name == named:
            if not one.asked_by:
                raise CannotRunError(f"{named} has no field that looks like one to search by: it {one.about}")
            if one.proposal is None:
                message = f"what {named} answers holds no record with an id that the contract tells of"
                raise CannotRunError(
                    f"{message}: configure it by hand (connectors/README.md), with `ctihub call --raw`"
                )
            return one
    known = [one.name for one in candidates]
    hint = nearest(named, known) if len(known) <= MAX_SHOWN or "did you mean" in nearest(named, known) else ""
    raise CannotRunError(f"the contract has no operation {named!r}{hint}; --list shows all that can look up")


def _written(draft: Draft, chosen: Candidate, arguments: argparse.Namespace) -> int:
    from hub.cli.new_files import problems_in, write

    files = write(draft, chosen, arguments.name, arguments.output, arguments.region)
    print(f"looks up by {chosen.name}, {chosen.asked_by}{f', {chosen.about}' if chosen.about else ''}")
    for file in files:
        print(f"written: {file}")
    problems = problems_in(files)
    for problem in problems:
        print(problem)
    if problems:
        return FOUND_WRONG
    print("next: see that the address and `auth` in it are right, then")
    print(f"  ctihub check -c {files[0]} {arguments.name}")
    print(f"  ctihub trace -c {files[0]} --phone +49..")
    return FINE
