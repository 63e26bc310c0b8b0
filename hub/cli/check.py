"""`ctihub check`: connects to everything the configuration names, or to some of it, at once, and prints a row each."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from hub.cli.options import add_config, usable_configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from hub.cli.probes import Probe
    from hub.config.model import Config
    from hub.masking import Masking

log = structlog.get_logger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a connector or PBX: only these (everything)")
    add_config(parser)
    parser.add_argument("--timeout", type=_seconds, default=15.0, metavar="SECONDS", help="how long each may take (15)")


def run(arguments: argparse.Namespace) -> int:
    from hub.config.secrets import secrets_of
    from hub.logs import set_up_logs
    from hub.masking import Masking

    config = usable_configuration(arguments)
    set_up_logs("error")
    masking = Masking()
    masking.hide(secrets_of(config))
    failed = asyncio.run(_check(_wanted(config, arguments.names), masking, arguments.timeout))
    return FOUND_WRONG if failed else FINE


def _wanted(config: Config, names: Sequence[str]) -> list[Probe]:
    """Return what is to be asked. Raises CannotRunError for a name that the configuration doesn't have."""
    from hub.cli.probes import probes
    from hub.config.wording import nearest

    asked = list(probes(config))
    known = {probe.name for probe in asked}
    for name in names:
        if name not in known:
            raise CannotRunError(f"the configuration has no {name!r}{nearest(name, sorted(known))}")
    return [probe for probe in asked if not names or probe.name in names]


async def _check(wanted: Sequence[Probe], masking: Masking, timeout_s: float) -> int:
    """Print the rows in the order of the configuration, each as soon as it and those above are known."""
    asked = [(probe, asyncio.create_task(_ask(probe, timeout_s))) for probe in wanted]
    width = max(len(probe.name) for probe, _ in asked)
    failed = 0
    for probe, task in asked:
        is_fine, found = await task
        failed += not is_fine
        row = f"{'ok  ' if is_fine else 'FAIL'}  {probe.kind:9}  {probe.name:{width}}  {found}"
        print(masking.line(row), flush=True)
    return failed


async def _ask(probe: Probe, timeout_s: float) -> tuple[bool, str]:
    from hub.cli.probes import ProbeError

    try:
        async with asyncio.timeout(timeout_s):
            return True, await probe.ask()
    except ProbeError as error:
        return False, str(error)
    except TimeoutError:
        return False, f"no answer within {timeout_s:g} s"
    except Exception as error:
        log.exception("check_failed", kind=probe.kind, name=probe.name)
        return False, f"the check itself failed, which is a defect of ctihub: {type(error).__name__}: {error}"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 600:  # noqa: PLR2004 - ten minutes is longer than anyone waits
        raise argparse.ArgumentTypeError("must be a number of seconds, up to 600")
    return value
