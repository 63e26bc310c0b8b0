"""What a connector did, step by step, for who looks for a mistake: recorded only while somebody traces."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from connectors.base import ConnectorError


@dataclasses.dataclass(slots=True)
class Exchange:
    """One request and what came back. `took_ms` is set at its end; without a `status` there was no reply.

    `status` is HTTP's; 0 is the answer of what has none (a database, a file), whose `method` is what it was asked.
    `request_headers` are without those that sign in. Bodies are as sent and received, secrets and all: who shows them
    masks them first.
    """

    step: str
    method: str
    address: str
    request_headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    request_body: bytes = b""
    status: int | None = None
    reply_headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    reply_body: bytes = b""
    took_ms: float = 0.0
    error: str = ""


@dataclasses.dataclass(slots=True)
class StepDone:
    """A step's end: how many rows it found. `took_ms` counts from the step's begin."""

    step: str
    rows: int
    took_ms: float


@dataclasses.dataclass(slots=True)
class Trace:
    """All that happened while it was recorded, in order; `mapped` holds each record and what it was made of.

    `secrets` were handed out by the backend meanwhile (the id of a session): who shows the trace masks them, too.
    `notes` say by a step's name why it found or asked nothing.
    """

    happened: list[Exchange | StepDone] = dataclasses.field(default_factory=list)
    mapped: list[tuple[Mapping[str, Any], Any]] = dataclasses.field(default_factory=list)
    secrets: set[str] = dataclasses.field(default_factory=set)
    notes: dict[str, str] = dataclasses.field(default_factory=dict)


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
_STEP: ContextVar[str] = ContextVar("step", default="")


@contextlib.contextmanager
def recorded() -> Iterator[Trace]:
    """Record what connectors do in this context, and in the tasks that begin in it."""
    trace = Trace()
    token = _TRACE.set(trace)
    try:
        yield trace
    finally:
        _TRACE.reset(token)


def current_trace() -> Trace | None:
    return _TRACE.get()


@contextlib.contextmanager
def in_step(name: str) -> Iterator[None]:
    """Say in which step the requests are made that follow."""
    token = _STEP.set(name)
    try:
        yield
    finally:
        _STEP.reset(token)


@contextlib.contextmanager
def asked(method: str, address: str, body: bytes = b"") -> Iterator[Exchange | None]:
    """Record a question to what is no HTTP server; give the exchange to put the answer in, None if nobody traces."""
    trace = current_trace()
    if trace is None:
        yield None
        return
    exchange = Exchange(current_step(), method, address, request_body=body)
    trace.happened.append(exchange)
    began = time.perf_counter()
    try:
        yield exchange
    except ConnectorError as error:
        exchange.error = error.message
        raise
    finally:
        exchange.took_ms = (time.perf_counter() - began) * 1000


def note(text: str) -> None:
    """Say why the step at hand found or asked nothing, if somebody traces; the first reason counts."""
    trace = current_trace()
    if trace is not None:
        trace.notes.setdefault(current_step(), text)


def current_step() -> str:
    return _STEP.get()
