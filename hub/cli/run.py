"""`ctihub run`: the hub itself, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from hub.cli.options import add_config, usable_configuration
from hub.cli.outcome import FINE, CannotRunError

if TYPE_CHECKING:
    from pathlib import Path

    from hub.config.model import Config


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--watch",
        action="store_true",
        help="reload a connector when its part of the configuration, its mapping, contract or secret file changes,"
        " a feed when its mapping does, and the rules of identity, merge and proposals",
    )


def run(arguments: argparse.Namespace) -> int:
    from hub.config.secrets import secrets_of
    from hub.logs import hide_secrets, set_up_logs

    config = usable_configuration(arguments)
    hide_secrets(secrets_of(config))
    set_up_logs(config.hub.log_level)
    _serve(config, arguments.config, watch=arguments.watch)
    return FINE


def _serve(config: Config, file: Path, *, watch: bool) -> None:
    """Run the hub. What keeps it from starting is told in words, without a traceback."""
    from connectors.base import ConnectorError
    from hub.app import Hub
    from hub.bus.errors import BrokerError
    from hub.cli.config_file import ConfigFile
    from hub.config.problem import ConfigError
    from hub.domain.ports import StoreError
    from hub.telephony.fastagi.errors import ListenError

    try:
        asyncio.run(Hub(config, source=ConfigFile(file), watch=watch).run_until_signalled())
    except (StoreError, ConnectorError, BrokerError, ConfigError) as error:
        raise CannotRunError(str(error)) from error
    except ListenError as error:
        where = f"routing.listen {config.routing.listen}" if config.routing else "routing.listen"
        raise CannotRunError(_listening_problem(where, error.__cause__)) from error
    except OSError as error:
        raise CannotRunError(_listening_problem(f"hub.listen {config.hub.listen}", error)) from error


def _listening_problem(where: str, error: BaseException | None) -> str:
    if not isinstance(error, OSError):
        return f"{where}: can't listen: {error}"
    if isinstance(error, socket.gaierror):
        return f"{where}: the host name is not known: write an address of this machine, 0.0.0.0 stands for all it has"
    # From Python 3.13 on asyncio tells this one in words alone.
    nowhere = error.errno is None and str(error).startswith("could not bind on any address")
    match errno.EADDRNOTAVAIL if nowhere else error.errno:
        case errno.EADDRINUSE:
            return f"{where}: the port is in use: stop the program that has it, or name another one"
        case errno.EACCES:
            return f"{where}: not allowed: ports below 1024 need the system's permission, name a higher one"
        case errno.EADDRNOTAVAIL:
            return f"{where}: this machine does not have this address: 0.0.0.0 stands for all it has"
        case _:
            return f"can't start: {error.strerror or error}"
