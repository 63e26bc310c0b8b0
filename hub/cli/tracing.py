"""One lookup recorded: what each connector did, what it found, and what the agent would see of it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.base import ConnectorError
from connectors.question import question
from connectors.registry import build_connector
from connectors.tracing import StepDone, Trace, recorded
from hub.cli.trace_masking import trace_masking
from hub.config.connector_base import ConnectorBase
from hub.config.mapping_files import find_mapping
from hub.config.model import Config
from hub.config.secrets import secrets_of
from hub.context.assembly import Assembly
from hub.context.grouped import Grouper
from hub.context.identity.scoring import Rules
from hub.context.merge_precedence import Precedence
from hub.context.question import Question
from hub.domain.customer import AnswerState, BackendAnswer, CustomerContext, CustomerQuery, CustomerRecord, Problem
from hub.mapping.errors import FieldProblemError, MappingRunError
from hub.mapping.mapping import load_mapping
from hub.mapping.sources import Rule, rules_of
from hub.masking import Masking


@dataclasses.dataclass(frozen=True, slots=True)
class MappedRecord:
    """A record with the row that it was made of; `left_out` are fields that could not take their value, and why."""

    row: Mapping[str, Any]
    record: CustomerRecord
    left_out: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TracedConnector:
    """`operation` is empty if the connector has none for such a query; `skipped` are its steps that asked nothing."""

    name: str
    title: str
    kind: str
    operation: str
    trace: Trace
    took_ms: float
    records: tuple[CustomerRecord, ...] = ()
    mapped: tuple[MappedRecord, ...] = ()
    mapping_file: str = ""
    rules: Mapping[str, Sequence[Rule]] = dataclasses.field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()
    error: str = ""
    problem: Problem | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Traced:
    query: CustomerQuery
    connectors: tuple[TracedConnector, ...]
    context: CustomerContext
    masking: Masking


async def traced(config: Config, names: Sequence[str], query: CustomerQuery) -> Traced:
    """Ask the connectors all at once, past every cache, and put together what they say."""
    found = await asyncio.gather(*(_traced(name, config, query) for name in names))
    every = Trace([happened for one in found for happened in one.trace.happened])
    every.secrets.update(secret for one in found for secret in one.trace.secrets)
    return Traced(query, tuple(found), _context(found, query, config), trace_masking(secrets_of(config), every))


async def _traced(name: str, config: Config, query: CustomerQuery) -> TracedConnector:
    section = config.connectors[name]
    connector = build_connector(name, section, region=config.hub.region, mapping_folders=config.hub.mappings)
    operation = _operation(name, section, query)
    records: Sequence[CustomerRecord] = ()
    error, problem = "", None
    began = time.perf_counter()
    with recorded() as trace:
        try:
            await connector.start()
            records = await connector.lookup(query)
        except ConnectorError as failed:
            error, problem = failed.message, failed.problem
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            await connector.close()
    mapping = find_mapping(_mapping_name(section, operation), config.hub.mappings)
    return TracedConnector(
        name=name,
        title=connector.title,
        kind=section.kind,
        operation=operation,
        trace=trace,
        took_ms=took_ms,
        records=tuple(records),
        mapped=tuple(_mapped(name, trace, mapping, config.hub.region)) if mapping else (),
        mapping_file=str(mapping or ""),
        rules=rules_of(mapping) if mapping and records else {},
        skipped=tuple(_skipped(section, operation, trace, is_failed=bool(error))),
        error=error,
        problem=problem,
    )


def _operation(name: str, section: ConnectorBase, query: CustomerQuery) -> str:
    """Return the operation that answers such a query, as `SteppedConnector.lookup` chooses it."""
    order = ("phone", "email", "id")
    for operation, settings in sorted(section.lookups.items(), key=lambda entry: order.index(entry[1].key)):
        if question(settings, query, name) is not None:
            return operation
    return ""


def _mapping_name(section: ConnectorBase, operation: str) -> str:
    settings = section.lookups.get(operation)
    return (settings.mapping if settings else None) or section.mapping or ""


def _mapped(name: str, trace: Trace, mapping: Any, region: str) -> list[MappedRecord]:
    """Say for each record what was left out of it: mapped once more, for that alone."""
    compiled = load_mapping(mapping)
    made = []
    for row, record in trace.mapped:
        left_out: list[FieldProblemError] = []
        try:
            compiled.run_customer(row, system=name, region=region, at=datetime.now(UTC), left_out=left_out)
        except MappingRunError as error:
            left_out.append(FieldProblemError(error.field, error.message))
        made.append(MappedRecord(row, record, tuple((one.field, one.message) for one in left_out)))
    return made


def _skipped(section: ConnectorBase, operation: str, trace: Trace, *, is_failed: bool) -> list[tuple[str, str]]:
    settings = section.lookups.get(operation)
    done = {one.step: one.rows for one in trace.happened if isinstance(one, StepDone)}
    skipped = []
    for step in getattr(settings, "steps", ()):
        if step.name in done:
            continue
        if step.unless and done.get(step.unless):
            reason = f"left out, as step {step.unless!r} found something"
        elif step.when and not done.get(step.when):
            reason = f"left out, as step {step.when!r} found nothing"
        elif is_failed:
            reason = "did not come to its end"
        else:
            reason = trace.notes.get(step.name, "asked nothing")
        skipped.append((step.name, reason))
    return skipped


def _context(found: Sequence[TracedConnector], query: CustomerQuery, config: Config) -> CustomerContext:
    order = {name: rank for rank, name in enumerate(config.connectors)}
    assembly = Assembly(
        call_id="trace",
        question=Question.of(query),
        backends=[(one.name, one.title) for one in found],
        grouper=Grouper(Rules(config.context.identity), Precedence(config.context.merge, order)),
        decided=lambda _keys: (),
        max_interactions=0,
    )
    assembly.answer(
        [
            BackendAnswer(
                connector=one.name,
                title=one.title,
                state=_state(one),
                problem=one.problem,
                detail=one.error,
                records=one.records,
                took_ms=round(one.took_ms, 1),
            )
            for one in found
        ]
    )
    return assembly.context


def _state(one: TracedConnector) -> AnswerState:
    if one.error:
        return AnswerState.FAILED
    return AnswerState.FOUND if one.records else AnswerState.NOT_FOUND
