"""`ctihub call`: one operation of a connector, by hand."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

from hub.cli.options import add_config, usable_configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from connectors.base import Connector
    from hub.config.connector_base import ConnectorBase
    from hub.config.model import Config

_WRITE = "write:"
_EXAMPLES = """\
OPERATION is one of the connector's own (`ctihub list connectors` names them), with the key that it looks up by; or
write:KIND with the fields of what is written. With --raw it is one of the backend's, which nothing needs to be
configured for: a SOAP operation with its arguments by their places, an OData entity set with properties that must be
equal, a path of a REST service (METHOD /path) with parameters.

examples:
  ctihub call crm by_phone phone=+49351123456
  ctihub call crm by_email email=petra@example.com --json
  ctihub call crm by_id id=0042
  ctihub call crm write:activity id=test-1 customer=0042 subject='A test' note='Please ignore' --yes
  ctihub call sap --raw FindByIdentification CustomerSelectionByIdentification.SelectionByInternalID[0].Lower=10
  ctihub call s4 --raw A_BusinessPartner BusinessPartner=1000123
  ctihub call shop --raw 'GET /customers' phone=+49351123456
  ctihub call erp --raw 'POST /rpc' --body '{"method": "party.count", "params": [[]]}'

exit status: 0 it answered, 1 it failed, 2 could not run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("connector", metavar="CONNECTOR")
    parser.add_argument("operation", metavar="OPERATION")
    parser.add_argument("values", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--raw", action="store_true", help="OPERATION is the backend's own")
    parser.add_argument("--body", metavar="JSON", help="with --raw, what a POST to a REST service sends")
    parser.add_argument("--service", default="", metavar="PATH", help="with --raw, the OData service below the url")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--json", action="store_true", help="print JSON instead of YAML")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    from connectors.base import ConnectorError
    from connectors.tracing import recorded
    from hub.cli.call_values import printed, values_of
    from hub.cli.trace_masking import trace_masking
    from hub.config.secrets import secrets_of
    from hub.logs import set_up_logs

    config = usable_configuration(arguments)
    section = _section(config, arguments.connector)
    values = values_of(arguments.values)
    work = _work(config, section, arguments, values)
    set_up_logs("error")
    with recorded() as trace:
        try:
            answer, failure = asyncio.run(work), None
        except ConnectorError as error:
            answer, failure = None, f"{error.problem}: {error.message}"
    masking = trace_masking(secrets_of(config), trace)
    if failure is not None:
        print(masking.line(failure), file=sys.stderr)
        return FOUND_WRONG
    print(printed(answer, masking, as_json=arguments.json))
    return FINE


def _section(config: Config, name: str) -> ConnectorBase:
    from hub.config.wording import nearest

    if name not in config.connectors:
        raise CannotRunError(f"there is no connector {name!r}{nearest(name, list(config.connectors))}")
    return config.connectors[name]


def _work(config: Config, section: ConnectorBase, arguments: argparse.Namespace, values: dict[str, str]) -> Any:
    """Return the call as a coroutine. Raises CannotRunError for what can't be called."""
    from hub.cli.call_values import entry_of, json_section, query_of, raw_step

    operation: str = arguments.operation
    if arguments.body is not None and not arguments.raw:
        raise CannotRunError("--body goes with --raw and 'POST /path' of a REST service")
    if arguments.raw:
        step = raw_step(section, operation, values, arguments.service, body=json_section(arguments.body))
        return _asked(config, arguments.connector, step)
    if operation.startswith(_WRITE):
        entry = entry_of(section, operation.removeprefix(_WRITE), values)
        _agree(arguments)
        return _used(config, arguments.connector, lambda connector: connector.write(entry))
    query = query_of(arguments.connector, section, operation, values)
    return _used(config, arguments.connector, lambda connector: connector.lookup(query))


def _agree(arguments: argparse.Namespace) -> None:
    """Ask whoever sits there; a program has to say --yes."""
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise CannotRunError("this writes to the backend: say --yes")
    kind = arguments.operation.removeprefix(_WRITE)
    print(f"Write this {kind} to {arguments.connector}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CannotRunError("nothing was written")


async def _used(config: Config, name: str, use: Any) -> Any:
    from connectors.registry import build_connector

    connector: Connector = build_connector(
        name, config.connectors[name], region=config.hub.region, mapping_folders=config.hub.mappings
    )
    try:
        await connector.start()
        return await use(connector)
    finally:
        await connector.close()


async def _asked(config: Config, name: str, step: Any) -> Any:
    from connectors.registry import bare_connector
    from connectors.stepped import SteppedConnector

    section = config.connectors[name]
    connector = bare_connector(name, section, region=config.hub.region, mapping_folders=config.hub.mappings)
    if not isinstance(connector, SteppedConnector):
        raise CannotRunError(f"--raw: the kind {section.kind!r} has no requests of its own")
    try:
        await connector.start()
        async with asyncio.timeout(section.timeout_s):
            return await connector.rows_of(step)
    except TimeoutError:
        raise CannotRunError(f"{name}: no answer within {section.timeout_s:g} s (timeout_s)") from None
    finally:
        await connector.close()
