"""How the hub logs: structlog for itself and for the libraries below it, one line an entry, on stderr.

JSON when nobody looks on, readable lines on a terminal. What belongs to a call carries its id: whoever handles the
call binds it (`structlog.contextvars.bound_contextvars(call_id=...)`). Masking comes last, so that nothing escapes it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import IO, Any

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
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
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
                _console_line if is_terminal else _json_line,
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


_json_renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
_console_renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _mask_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return _masking.fields(event)


def _json_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return _masking.line(str(_json_renderer(logger, method, event)))


def _console_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return _masking.line(str(_console_renderer(logger, method, event)))
