"""CPU of a whole SOAP lookup, mapped, against zeep's AsyncClient over httpx on the same WSDL and server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import zeep
import zeep.transports

from connectors.base import Connector
from connectors.registry import build_connector
from hub.config.connectors import SoapConnector
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number
from tests.bench.result import Target, report, spread
from tests.bench.soap_customers import CUSTOMER, NUMBER, WSDL

LOOKUPS = 300
ROUNDS = 9
WARM_UP = 30
SHARE_OF_ZEEP = 0.4
MAPPING = """
source: the bench's service
version: 1
target: customer
fields:
  id: InternalID
  name.given: Person.GivenName
  name.surname: Person.FamilyName
  phones: {each: "Address[].Telephone[]", fields: {number: {from: Number, phone: true}, label: UsageCode}}
  emails: {each: Address, fields: {address: {from: EmailURI, case: lower}}}
  addresses:
    each: Address
    fields: {street: Postal.StreetName, postcode: Postal.StreetPostalCode, locality: Postal.CityName}
  orders: {each: Order, fields: {id: ID, status: StatusCode, amount: Total, ordered_on: OrderedOn}}
"""
# zeep is typed in part: these calls are not.
_AsyncClient: Any = zeep.AsyncClient
_AsyncTransport: Any = zeep.transports.AsyncTransport


@contextlib.asynccontextmanager
async def service() -> AsyncIterator[str]:
    """Run the service in a process of its own; gives its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.soap_customers"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the service has no input or output")
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/soap"
    finally:
        process.stdin.close()
        await process.wait()


def connector_for(wsdl: Path, address: str) -> Connector:
    """Make the connector as a site would: built by the registry, with its mapping, retries and limits."""
    (wsdl.parent / "bench.yaml").write_text(MAPPING, "utf-8")
    selection = {
        "InclusionExclusionCode": "I",
        "IntervalBoundaryTypeCode": "1",
        "LowerBoundary": {"from": "query.e164"},
    }
    step = {
        "name": "customers",
        "operation": "FindByPhone",
        "arguments": {"Telephone": [selection], "Conditions": {"HitsMaximum": 20, "Unlimited": False}},
        "rows": "Customer",
    }
    config = SoapConnector.model_validate(
        {
            "kind": "soap",
            "wsdl": str(wsdl),
            "url": address,
            "mapping": "bench",
            "cache": {"fresh_s": 0},
            "operations": {"by_phone": {"key": "phone", "steps": [step]}},
        }
    )
    return build_connector("bench", config, region="DE", mapping_folders=[wsdl.parent])


async def _cpu_s(ask: Callable[[], Awaitable[None]], lookups: int) -> float:
    gc.collect()
    began = time.process_time()
    for _ in range(lookups):
        await ask()
    return time.process_time() - began


async def measure(lookups: int = LOOKUPS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Look up in turns, ours and zeep's; return what each took and the share."""
    with tempfile.TemporaryDirectory() as folder:
        async with service() as address:
            wsdl = Path(folder) / "customers.wsdl"
            wsdl.write_text(WSDL % address, "utf-8")
            connector = connector_for(wsdl, address)
            await connector.start()
            await connector.check()
            query = CustomerQuery(phone=parse_number(NUMBER, "DE"))
            async with httpx.AsyncClient() as http:
                # zeep's own way: it reads the WSDL with a second client, before the first call.
                client = await asyncio.to_thread(
                    lambda: _AsyncClient(str(wsdl), transport=_AsyncTransport(client=http, wsdl_client=httpx.Client()))
                )
                selection = {"InclusionExclusionCode": "I", "IntervalBoundaryTypeCode": "1", "LowerBoundary": NUMBER}

                async def ours() -> None:
                    [record] = await connector.lookup(query)
                    if (CUSTOMER, 3, 2) != (record.id, len(record.phones), len(record.orders)):
                        raise RuntimeError("the connector read the reply wrongly")

                async def zeeps() -> None:
                    found = await client.service.FindByPhone(
                        Telephone=[selection], Conditions={"HitsMaximum": 20, "Unlimited": False}
                    )
                    if found[0].InternalID != CUSTOMER:
                        raise RuntimeError("zeep read the reply wrongly")

                for ask in (ours, zeeps):
                    await _cpu_s(ask, WARM_UP)
                took: dict[str, list[float]] = {"ours": [], "zeep": []}
                for _ in range(rounds):
                    took["ours"].append(await _cpu_s(ours, lookups))
                    took["zeep"].append(await _cpu_s(zeeps, lookups))
            await connector.close()
    share = round(statistics.median(took["ours"]) / statistics.median(took["zeep"]), 3)
    return report(
        {
            "share": share,
            "lookups": lookups,
            "rounds": rounds,
            "microseconds_of_cpu_per_lookup": {
                name: spread([seconds / lookups * 1e6 for seconds in values]) for name, values in took.items()
            },
        },
        Target(
            what="CPU of a SOAP lookup, as a share of zeep's over httpx",
            value=share,
            rule="at most",
            limit=SHARE_OF_ZEEP,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
