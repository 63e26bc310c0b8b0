"""A system as the suite of systems sees it: a server over a socket that keeps customers and what is written."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, Protocol


class Person(NamedTuple):
    """A customer as the system keeps it; `orders` and `cases` are the ids of the open ones, in any order."""

    id: str
    name: str
    phone: str
    email: str
    orders: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


class Written(NamedTuple):
    """What the system keeps of what was written: which interaction, for whom, and the text that was said of it."""

    kind: str
    interaction: str
    customer: str
    text: str


class Weather(enum.Enum):
    """How the system is at the moment."""

    FINE = "as it should be"
    REFUSING = "the user may not sign in"
    FORBIDDING = "the user may not read this"
    THROTTLING = "too many requests, in the system's own way, to be left alone for 17 seconds where it can say so"
    FAULTY = "the protocol's own error, which quotes the value that was searched for"
    FORGETFUL = "what signed in before (session, token) is known no more; signing in anew helps"
    SILENT_WRITER = "does what it is asked to write, and then cuts the connection instead of answering"


class System(Protocol):
    """Served on 127.0.0.1; made anew for each test."""

    weather: Weather
    asked: int
    """Requests so far, signing in not counted."""

    signed_in: int
    """How often a session or token was asked for; stays 0 where every request signs in by itself."""

    @property
    def environment(self) -> dict[str, str]:
        """What the documented configurations take from the environment."""

    @property
    def place(self) -> dict[str, Any]:
        """Keys that lead a documented configuration here: url, wsdl, the sign-in's address, certificates."""

    known: Person
    shared: tuple[Person, ...]
    """Several customers with one phone number."""

    @property
    def written(self) -> list[Written]:
        """What was written, in order; what was replaced counts once, as it is now."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
