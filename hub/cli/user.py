"""`ctihub user add|list|remove`: who may sign in to the desk."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from hub.cli.options import add_config, configuration
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError

if TYPE_CHECKING:
    from hub.config.model import Config
    from hub.desk.user_store import UserStore


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="add|list|remove")
    add = actions.add_parser("add", help="let an agent of the configuration sign in, or change the password")
    add.add_argument("agent", help="the agent's key under `agents:`")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    remove = actions.add_parser("remove", help="take an agent's password and sessions away")
    remove.add_argument("agent")
    for action in (add, remove, actions.add_parser("list", help="print who may sign in")):
        add_config(action)


def run(arguments: argparse.Namespace) -> int:
    config = configuration(arguments)
    from hub.desk.user_store import UserStore, UserStoreError

    try:
        with UserStore(config.store.place) as store:
            if arguments.action == "add":
                return _add(config, store, arguments.agent, from_stdin=arguments.password_stdin)
            if arguments.action == "remove":
                return _remove(store, arguments.agent)
            return _list(config, store)
    except UserStoreError as error:
        raise CannotRunError(str(error)) from None


def _add(config: Config, store: UserStore, agent: str, *, from_stdin: bool) -> int:
    from hub.config.wording import nearest
    from hub.desk.passwords import hash_password

    if agent not in config.agents:
        print(f"there is no agent {agent!r} under `agents:`{nearest(agent, list(config.agents))}", file=sys.stderr)
        return FOUND_WRONG
    password = _from_stdin() if from_stdin else _asked(agent)
    try:
        password_hash = hash_password(password)
    except ValueError as error:
        print(error, file=sys.stderr)
        return FOUND_WRONG
    store.save(agent, password_hash)
    print(f"{agent} may sign in")
    return FINE


def _remove(store: UserStore, agent: str) -> int:
    if store.remove(agent):
        print(f"{agent} may no longer sign in")
        return FINE
    print(f"{agent!r} has no password that could be taken away", file=sys.stderr)
    return FOUND_WRONG


def _list(config: Config, store: UserStore) -> int:
    for user in store.users():
        agent = config.agents.get(user.agent)
        who = agent.name if agent else "no agent of the configuration: can't sign in"
        print(f"{user.agent:20} {user.created_at:%Y-%m-%d %H:%M} UTC  {who}")
    return FINE


def _from_stdin() -> str:
    return sys.stdin.readline(4096).rstrip("\r\n")


def _asked(agent: str) -> str:
    if not sys.stdin.isatty():
        raise CannotRunError("a password is typed on a terminal; from a script, use --password-stdin")
    password = getpass.getpass(f"Password of {agent}: ")
    if getpass.getpass("Again: ") != password:
        raise CannotRunError("the two passwords differ: nothing was changed")
    return password
