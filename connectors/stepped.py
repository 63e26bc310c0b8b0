"""A connector whose operations are declared as steps: what all kinds have in common."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from collections.abc import Mapping as Section
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

import structlog

from connectors.base import ConnectorError
from connectors.entry import entry_fields
from connectors.progress import doing
from connectors.question import question
from connectors.quoting import plain
from connectors.resolve import NothingToAskError, Scope, distinct_values
from connectors.rows import Attaching, Kept, Row, unique_rows
from connectors.session import Sessions
from connectors.session_use import is_logging_in, logging_in
from connectors.sifting import refuse_failed, sifted, signs_of, without
from connectors.together import finished
from connectors.tracing import StepDone, current_trace, in_step, note
from hub.config.connector_base import ConnectorBase
from hub.config.operations import OperationBase, StepBase
from hub.config.writes import WriteOperationBase
from hub.domain.customer import CustomerQuery, CustomerRecord, Problem
from hub.domain.path import Path, compiled
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from hub.mapping.errors import FieldProblemError, MappingRunError
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

MAX_REPEATS = 20
MAX_LEFT_OUT_TOLD = 10
_KEY_ORDER = ("id", "phone", "email")

Step = TypeVar("Step", bound=StepBase)
Answer = TypeVar("Answer")
StepResults = dict[str, list[Row]]


class SteppedConnector(ABC, Generic[Step]):
    """Runs an operation's steps, each as soon as those that it reads are done; the kinds say how to ask."""

    def __init__(
        self,
        name: str,
        config: ConnectorBase,
        mappings: Section[str, Mapping],
        *,
        region: str,
    ) -> None:
        self._name = name
        self._config = config
        self._operations = dict(sorted(config.lookups.items(), key=lambda entry: _KEY_ORDER.index(entry[1].key)))
        keys = {operation.key for operation in self._operations.values()}
        self._asks_by_phone, self._asks_by_email = "phone" in keys, "email" in keys
        self._id_systems = frozenset(one.system or name for one in self._operations.values() if one.key == "id")
        self._mappings = mappings
        self._region = region
        self._nothing = signs_of(config.nothing)
        credentials = {name: secret.get_secret_value() for name, secret in config.credentials.items()}
        self._given: Section[str, Section[str, Any]] = {"settings": config.settings, "credentials": credentials}
        self._sessions = self._session_of(config)

    @property
    def name(self) -> str:
        return self._name

    @property
    def title(self) -> str:
        return self._config.title or self._name

    @property
    def writes(self) -> frozenset[WriteKind]:
        return frozenset(WriteKind(kind) for kind in self._config.written)

    @abstractmethod
    async def start(self) -> None:
        """Open what is needed."""

    @abstractmethod
    async def close(self) -> None:
        """Close what `start` opened."""

    @abstractmethod
    async def _ask(self, step: Step, scope: Scope) -> list[Row]:
        """Make a step's request once and return its rows. Raises ConnectorError, NothingToAskError."""

    @abstractmethod
    async def _probe(self) -> str:
        """Make one harmless call and return a short fact. Raises ConnectorError."""

    @abstractmethod
    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[Step]:
        """Return the operation's steps in this kind's type."""

    def answers(self, query: CustomerQuery) -> bool:
        """Whether there is an operation for anything that the query names."""
        return bool(
            (self._asks_by_phone and query.phone.e164)
            or (self._asks_by_email and query.email)
            or not self._id_systems.isdisjoint(query.ids)
        )

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        """Return all customers that the query fits; by phone, e-mail or id, the first that an operation takes.

        An id goes before the others, as it says who exactly is meant; they are asked for where nobody has that id.
        """
        for name, operation in self._operations.items():
            asked = question(operation, query, self._name)
            if asked is None:
                continue
            found = await self._named(f"operation {name}", self._run(name, operation, asked))
            if found or operation.key != "id":
                return found
        return ()

    async def write(self, entry: WriteBack) -> WriteResult:
        """Run the steps that write this kind of thing, one after the other."""
        operation = self._config.written.get(entry.kind)
        if operation is None:
            raise ConnectorError(
                Problem.INTERNAL,
                f"{self._name}: nothing says how to write back an {entry.kind}: give it `writes: {{{entry.kind}: ..}}`",
            )
        return await self._named(f"write {entry.kind}", self._written(operation, entry))

    async def _written(self, operation: WriteOperationBase, entry: WriteBack) -> WriteResult:
        fields = entry_fields(entry)
        missing = [name for name in operation.needs if name not in fields]
        if missing:
            raise ConnectorError(Problem.INTERNAL, f"what is to be written has no {missing[0]}, which it needs")
        results: StepResults = {}
        was_there = is_written = is_unsure = False
        for step in self._steps(operation):
            # What may be repeated, or only looks, stands behind `unless` for another reason.
            was_there |= bool(step.unless and results[step.unless]) and not (step.idempotent or step.only_looks)
            may_double = not (step.only_looks or step.writes_once)
            try:
                has_asked = await self._step(step, {"entry": fields}, results, ())
            except ConnectorError as error:
                if is_unsure or (may_double and error.problem is not Problem.THROTTLED):
                    # The backend may still be at it, behind a proxy that gave up: a search would find nothing yet.
                    raise error.not_repeatable() from error
                raise
            is_unsure |= has_asked and may_double
            is_written |= has_asked and not step.only_looks
            was_there |= any(isinstance(row, Kept) for row in results[step.name])
        if not (is_written or was_there):
            message = (
                "nothing was written, as a value that a step needs was found nowhere: is the customer still there?"
            )
            raise ConnectorError(Problem.INTERNAL, message)
        ids = (plain(value) for path in operation.ids for value in Path(path).read_all(results))
        return WriteResult(id=next((found for found in ids if found), ""), was_there=was_there)

    async def rows_of(self, step: Step) -> list[Row]:
        """Make one request that no operation declares, for who tries a backend out. Raises ConnectorError only."""
        results: StepResults = {}
        await self._named("call", self._step(step, {}, results, ()))
        return results[step.name]

    async def check(self) -> str:
        return await self._named("check", self._checked())

    async def _checked(self) -> str:
        if self._sessions is None:
            return await self._probe()
        return await self._sessions.run(lambda _session: self._probe())

    async def _named(self, what: str, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Name the connector and what it did in every error; what bounds the time is around this connector."""
        try:
            with doing(what):
                return await work
        except ConnectorError as error:
            raise error.within(f"{self._name}, {what}") from error

    async def _run(self, name: str, operation: OperationBase, asked: dict[str, Any]) -> tuple[CustomerRecord, ...]:
        results = await self._results(operation, asked)
        steps = self._steps(operation)
        rows = [row for name in operation.record_steps or (steps[-1].name,) for row in results[name]]
        if operation.unique:
            rows = unique_rows(rows, operation.unique)
        attaching = Attaching(operation.attach, results)
        rows = [attaching.to(row) for row in rows[: self._config.max_records]]
        at = datetime.now(UTC)
        mapping = self._mappings[name]
        left_out: list[FieldProblemError] = []
        try:
            records = tuple(
                mapping.run_customer(row, system=self._name, region=self._region, at=at, left_out=left_out)
                for row in rows
            )
        except MappingRunError as error:
            raise ConnectorError(Problem.MALFORMED, str(error)) from error
        trace = current_trace()
        if trace is not None:
            trace.mapped += zip(rows, records, strict=True)
        for field, reason in sorted({(problem.field, problem.message) for problem in left_out})[:MAX_LEFT_OUT_TOLD]:
            log.warning(
                "value left out",
                connector=self._name,
                operation=name,
                mapping=mapping.name,
                field=field,
                reason=reason,
            )
        return records

    async def _results(self, operation: OperationBase, asked: dict[str, Any]) -> StepResults:
        """Run the steps; the first failure cancels the others."""
        results: StepResults = {}
        steps = self._steps(operation)
        if len(steps) == 1:
            await self._step(steps[0], {"query": asked}, results, ())
            return results
        tasks: dict[str, asyncio.Task[bool]] = {}
        for step in steps:
            needed = {compiled(source).first for source in step.sources()}
            before = [task for name, task in tasks.items() if name in needed]
            tasks[step.name] = asyncio.create_task(self._step(step, {"query": asked}, results, before))
        await finished(list(tasks.values()))
        return results

    async def _step(self, step: Step, given: Scope, results: StepResults, before: Sequence[asyncio.Task[bool]]) -> bool:
        """Put the step's rows into the results; return whether it had something to ask."""
        for task in before:
            await task
        results[step.name] = []
        if (step.unless and results[step.unless]) or (step.when and not results[step.when]):
            return False
        began = time.perf_counter()
        with (
            structlog.contextvars.bound_contextvars(connector=self._name, step=step.name),
            in_step(step.name),
            doing(f"step {step.name}"),
        ):
            try:
                rows = await self._rows_of(step, {**given, **self._given, **results})
            except NothingToAskError as missing:
                note(f"asked nothing, as there is no value at {str(missing)!r}")
                return False
            except ConnectorError as error:
                raise error.within(f"step {step.name}") from error
            # Where nobody has set up logs structlog would print each line.
            if structlog.is_configured():
                log.debug("step done", rows=len(rows))
        trace = current_trace()
        if trace is not None:
            trace.happened.append(StepDone(step.name, len(rows), (time.perf_counter() - began) * 1000))
        results[step.name] = rows
        return True

    async def _rows_of(self, step: Step, scope: Scope) -> list[Row]:
        repeated = step.each or step.first
        if repeated is None:
            return await self._sifted(step, scope)
        items = distinct_values(repeated, scope)[:MAX_REPEATS]
        if step.each:
            return await self._each(step, scope, items)
        for item in items:
            rows = await self._ask_for(step, scope, item)
            if rows:
                return rows
        return []

    async def _each(self, step: Step, scope: Scope, items: Sequence[Any]) -> list[Row]:
        """Ask for all items side by side; the rows stay in the items' order."""
        tasks = [asyncio.create_task(self._ask_for(step, scope, item)) for item in items]
        await finished(tasks)
        return [row for task in tasks for row in task.result()]

    async def _ask_for(self, step: Step, scope: Scope, item: Any) -> list[Row]:
        try:
            return await self._sifted(step, {**scope, "item": item})
        except NothingToAskError:
            return []

    async def _sifted(self, step: Step, scope: Scope) -> list[Row]:
        rows = await self._ask_in_session(step, scope)
        refuse_failed(rows, step)
        if self._nothing:
            rows = [row if isinstance(row, Kept) else without(row, self._nothing) for row in rows]
        return sifted(rows, step, scope, self._region)

    async def _ask_in_session(self, step: Step, scope: Scope) -> list[Row]:
        if self._sessions is None or is_logging_in():
            return await self._ask(step, scope)
        return await self._sessions.run(lambda session: self._ask(step, {**scope, "session": session}))

    async def _end_session(self) -> None:
        """Take back a login under way; log out if the configuration says how, otherwise a session ends by itself."""
        if self._sessions is None:
            return
        logout = self._config.logs_in.logout_step if self._config.logs_in is not None else None

        async def log_out(session: Row) -> None:
            await self._ask(cast("Step", logout), {**self._given, "session": session})

        await self._sessions.close(log_out if logout is not None else None)

    def _session_of(self, config: ConnectorBase) -> Sessions | None:
        session = config.logs_in
        if session is None:
            return None

        async def log_in() -> Sequence[Row]:
            results: StepResults = {}
            with logging_in():
                for step in session.login_steps:
                    await self._step(cast("Step", step), {}, results, ())
            return results[session.login_steps[-1].name]

        return Sessions(
            session,
            log_in,
            fields=config.session_fields(),
            given=self._given,
            credentials=self._given["credentials"].values(),
            # Somewhat less than the lookup's own time, so that the error can name who kept it waiting.
            wait_s=config.timeout_s * 0.9,
        )
