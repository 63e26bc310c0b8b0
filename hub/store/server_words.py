"""What goes wrong with a PostgreSQL server, in words for the person who can mend it."""

from __future__ import annotations

import socket
import ssl

import asyncpg

from hub.domain.store_place import ServerPlace

_BY_STATE = {
    "28": "user or password is wrong, or pg_hba.conf lets the user not in from here: correct store.url or the server",
    "3D000": "there is no such database: make it (CREATE DATABASE), or name another one in store.url",
    "42501": "the user may not do that: let it make the schema ctihub (GRANT CREATE ON DATABASE), or make it the owner",
    "42P01": "a table of the hub is gone: put back a backup",
    "3F000": "the schema ctihub is gone: put back a backup",
    "25006": "the server takes no writes, as a standby does: name the primary in store.url",
    "53100": "the server's disk is full: free some space there",
    "53300": "the server takes no more connections: raise max_connections there",
    "57P01": "the server closed the connection: it is being stopped, or somebody ended the hub's session",
    "57P02": "the server closed the connection: it is starting again after a crash",
    "57P03": "the server is starting or stopping",
    "58": "the server can't read or write its files: look at its log",
    "XX": "the server says that its data are damaged: look at its log",
}
"""By SQLSTATE (PostgreSQL's documentation, appendix A), or by its first two characters."""


def explain(place: ServerPlace, error: Exception) -> str:
    """Say in one sentence what `error` means and what helps; nothing of the data is in it."""
    return f"store {place}: {_meaning(error)}"


def _meaning(error: Exception) -> str:
    match error:
        case asyncpg.PostgresError():
            words = _state_meaning(error)
        case ssl.SSLCertVerificationError():
            words = f"its certificate is not trusted ({error.verify_message}): name who signed it in store.ca_file"
        case ConnectionError() if error.errno is None and "SSL" in str(error):
            words = "it does not encrypt as `store.tls` or `store.ca_file` asks: let it, or take them out"
        case ssl.SSLError() | asyncpg.ClientConfigurationError():
            words = "it does not encrypt the connection as `store.tls` or `store.ca_file` wants it"
        case socket.gaierror():
            words = "the host's name is not known: correct store.url, or the name service"
        case TimeoutError():
            words = "it does not answer in time: look at the server and the network to it"
        case ConnectionError() if error.errno is None:
            words = "the connection was lost"
        case OSError():
            words = f"it can't be reached ({error.strerror or type(error).__name__}): start it, or correct store.url"
        case asyncpg.InterfaceError():
            words = "the connection was lost"
        case _:
            words = type(error).__name__
    return words


def _state_meaning(error: asyncpg.PostgresError) -> str:
    state: str = getattr(error, "sqlstate", None) or ""
    if isinstance(error, asyncpg.PostgresConnectionError):
        return "the connection was lost"
    advice = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    # What follows the message in the error's text, detail and hint, quotes rows.
    said = f"{getattr(error, 'message', None) or type(error).__name__} (SQLSTATE {state})"
    return f"{advice} [{said}]" if advice else said
