"""Where a database is: `sqlite:///FILE`, `postgresql://USER:PASSWORD@HOST:PORT/NAME`, `oracle://...`."""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

DatabaseKind = Literal["sqlite", "postgresql", "oracle"]

_KINDS: dict[str, DatabaseKind] = {
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "postgresql+asyncpg": "postgresql",
    "oracle": "oracle",
    "oracle+oracledb": "oracle",
}
_FORMS: dict[DatabaseKind, str] = {
    "sqlite": "sqlite:///FILE",
    "postgresql": "postgresql://USER:PASSWORD@HOST:5432/NAME",
    "oracle": "oracle://USER:PASSWORD@HOST:1521/?service_name=NAME (or /SID)",
}
_PORTS: dict[DatabaseKind, int] = {"sqlite": 0, "postgresql": 5432, "oracle": 1521}
_QUOTE_HINT = "in a user or password write %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %25 for %"


class SqlAddress(NamedTuple):
    """A parsed address. `name` is SQLite's file, PostgreSQL's database or Oracle's SID; `service` is Oracle's."""

    kind: DatabaseKind
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""
    name: str = ""
    service: str = ""

    @classmethod
    def read(cls, text: str) -> SqlAddress:
        """Read an address. Raises ValueError, whose message shows nothing of it."""
        scheme = text.partition("://")[0]
        kind = _KINDS.get(scheme)
        if kind is None:
            raise ValueError(f"must be one of {', '.join(_FORMS.values())}")
        if kind == "sqlite":
            return cls(kind, name=_file(text.removeprefix(f"{scheme}://")))
        wrong = ValueError(f"must be {_FORMS[kind]}; {_QUOTE_HINT}")
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        if not host or parts.fragment or any(character.isspace() for character in text):
            raise wrong
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        service = query.pop("service_name", "") if kind == "oracle" else ""
        name = unquote(parts.path.removeprefix("/"))
        if query or "/" in name or bool(name) == bool(service):
            raise wrong
        return cls(
            kind,
            host,
            port or _PORTS[kind],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            name,
            service,
        )

    @property
    def shown(self) -> str:
        """Where it is, without user and password: SQLite's file, or an address."""
        if self.kind == "sqlite":
            return self.name
        return f"{self.kind}://{self.host}:{self.port}/{self.name or self.service}"


def _file(rest: str) -> str:
    name = rest.removeprefix("/")
    if not rest.startswith("/") or not name or name.startswith((":memory:", "file:")) or "?" in name:
        raise ValueError(
            "must be sqlite:///FILE: a file that is there, as in sqlite:///crm.db or sqlite:////data/crm.db"
        )
    return name
