"""Dialplans that ask who calls: enquiries a second, and what the lookup, the rules and the call log cost of it."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from connectors.base import Connector, WritesNothing
from hub.config.model import AgentSection, ContextSection
from hub.config.routing import DEFAULT_VARIABLES, RoutingSection
from hub.context.routing import CustomerRouting
from hub.context.service import ContextService
from hub.domain.customer import CustomerQuery, CustomerRecord, Name
from hub.domain.ports import CallerRouting
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer
from hub.journal.journal import Journal
from hub.telephony.fastagi.server import FastAgiServer
from tests.bench.result import Target, report
from tests.unit.context.test_routing import Directory

ENQUIRIES = 3_000
AT_ONCE = 40
RULES = 20
LEAST_SHARE = 0.2


class Backend(WritesNothing):
    """A connector that knows everybody, at once."""

    name = title = "crm"

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> str:
        return "fine"

    def answers(self, query: CustomerQuery) -> bool:
        return query.phone.e164 is not None

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        return [CustomerRecord(system="crm", id=query.phone.raw, name=Name(full="Petra Vogt"), tier="Gold")]


def _routing() -> RoutingSection:
    rules = [
        {"name": f"rule {number}", "when": {"customer.tier": f"Tier {number}"}, "then": {"priority": number}}
        for number in range(RULES - 1)
    ]
    gold = {"name": "gold", "when": {"customer.tier": "Gold"}, "then": {"priority": 10, "agent": "last_agent"}}
    return RoutingSection.model_validate({"listen": "127.0.0.1:0", "rules": [*rules, gold]})


class Prepared:
    """Answers as the real one does, without asking anybody."""

    async def decide(self, _enquiry: Enquiry) -> RoutingAnswer:
        shown = dict.fromkeys(DEFAULT_VARIABLES, "x") | {"CTI_PRIORITY": "10"}
        return RoutingAnswer(status=EnquiryStatus.FOUND, variables=shown, rules=("gold",))


@contextmanager
def _logged_away() -> Iterator[None]:
    """Write the log as the hub does, to where nobody reads it."""
    before = structlog.get_config()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, structlog.processors.JSONRenderer()],
            logger_factory=structlog.WriteLoggerFactory(nowhere),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)


async def _asked(section: RoutingSection, routing: CallerRouting, enquiries: int, at_once: int) -> dict[str, float]:
    """Let another process ask; return enquiries per second and CPU second of this one, and the waits."""
    server = FastAgiServer(section, pbx_hosts={"main": "127.0.0.1"}, region="DE", routing=routing)
    await server.start()
    try:
        cpu, started = time.process_time(), time.perf_counter()
        dialplans = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.dialplans", str(server.port), str(enquiries), str(at_once)),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await dialplans.communicate()
        cpu, took = time.process_time() - cpu, time.perf_counter() - started
    finally:
        await server.stop()
    if dialplans.returncode != 0:
        raise RuntimeError("not every dialplan was answered")
    waits = json.loads(printed)
    return {
        "per_s": round(enquiries / took),
        "per_cpu_s": round(enquiries / cpu),
        "wait_ms_median": round(statistics.median(waits) * 1000, 1),
        "wait_ms_p99": round(statistics.quantiles(waits, n=100)[-1] * 1000, 1),
    }


async def measure(enquiries: int = ENQUIRIES, at_once: int = AT_ONCE) -> dict[str, Any]:
    """Return enquiries per second with all behind them and with nothing, `at_once` calls waiting at any time."""
    section = _routing()
    connectors: list[Connector] = [Backend()]
    with tempfile.TemporaryDirectory() as folder, _logged_away():
        journal = await Journal.open(Path(folder) / "journal.db")
        contexts = ContextService(connectors, ContextSection(), interactions=journal)
        routing = CustomerRouting(
            section,
            contexts=contexts,
            history=journal,
            agents={"alice": AgentSection(name="Alice", devices=("PJSIP/1001",))},
            devices=lambda _pbx: {"PJSIP/1001": "alice"},
            directory=Directory(),
        )
        try:
            whole = await _asked(section, routing, enquiries, at_once)
            bare = await _asked(section, Prepared(), enquiries, at_once)
        finally:
            await contexts.close()
            await journal.close()
    share = round(whole["per_cpu_s"] / bare["per_cpu_s"], 2)
    return report(
        {"enquiries": whole, "prepared_answers": bare, "share": share, "at_once": at_once, "rules": RULES},
        Target(
            what="enquiries per CPU second, as a share of those that are answered without asking anybody",
            value=share,
            rule="at least",
            limit=LEAST_SHARE,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
