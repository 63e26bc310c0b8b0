"""How the hub logs: structlog for itself and for the libraries below it, one line an entry, on stderr.

JSON when nobody looks on, readable lines on a terminal. What belongs to a call carries its id: whoever handles the
call binds it (`structlog.contextvars.bound_contextvars(call_id=...)`). Masking comes last, so that nothing escapes it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
from collections.abc import Iterable, MutableMapping
from typing import IO, Any

import msgspec
import structlog

from hub.masking import Masking

_QUIET_LIBRARIES = ("aiohttp.access", "asyncio", "pika", "zeep", "urllib3")

_masking = Masking()


def hide_secrets(secrets: Iterable[str]) -> None:
    """Keep these texts out of every line from now on."""
    _masking.hide(secrets)


def set_up_logs(level: str = "info", stream: IO[str] | None = None) -> None:
    """Send all logs, the libraries' too, to `stream` (stderr unless given). `level` as in `hub.log_level`."""
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    render = _console_line if is_terminal else _json_line
    # The hub's own lines do without the standard library's logging: five times the price, paid at every step of a call.
    structlog.configure(
        processors=[*shared, _mask_fields, render],
        logger_factory=_Lines(stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _mask_fields,
                render,
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class _Line:
    """Writes finished lines of one logger. Every method is the same: the level is decided before."""

    def __init__(self, name: str, stream: IO[str], lock: threading.Lock) -> None:
        self.name = name
        self._stream = stream
        self._lock = lock

    def msg(self, line: str) -> None:
        # A full disk or a closed pipe must cost no call, and there is nowhere left to tell of it.
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


class _Lines:
    """Makes the loggers for one stream; their lines never mix."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, name: str = "hub") -> _Line:
        return _Line(name, self._stream, self._lock)


_encoder = msgspec.json.Encoder()
_console_renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _mask_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return _masking.fields(event)


def _json_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    try:
        line = _encoder.encode(event).decode()
    except UnicodeEncodeError:
        # Half a character, as a hostile header may hold: the standard library's writer passes it on.
        line = json.dumps(event)
    return _masking.line(line)


def _console_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return _masking.line(str(_console_renderer(logger, method, event)))
