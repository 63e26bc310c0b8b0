"""Fixtures that give a test a real server of its own, or skip it and say what is missing."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from playwright.async_api import Browser, BrowserContext, Page

from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_install import RABBITMQ_SERVER
from tests.servers.chromium import browser as run_browser
from tests.servers.dovecot import Dovecot
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.requirements import place_of, require

LIVE = frozenset({"browser", "faults", "scenarios"})
"""Folders whose tests have phones, servers and browsers with timers of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play a live test a second time where it failed; the summary at the end says which, and why.

    A machine that stands still for a second lets a phone ring out that was to be answered: what then happens is
    another story than the one that the test tells. What is wrong in the hub fails twice.
    """
    for item in items:
        if item.path.relative_to(item.config.rootpath / "tests").parts[0] in LIVE:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Leave the process's logging as it was: commands that are run within a test set it up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """Asterisk shared by all tests of this process, which leave it running."""
    yield from _running_asterisk()


@pytest.fixture(autouse=True)
def _end_calls(request: pytest.FixtureRequest) -> Iterator[None]:
    shared = request.getfixturevalue("asterisk") if "asterisk" in request.fixturenames else None
    yield
    if shared is not None:
        shared.end_calls()


@pytest.fixture
def fresh_asterisk() -> Iterator[Asterisk]:
    """Asterisk that this test has for itself and may kill."""
    yield from _running_asterisk()


@pytest.fixture(scope="session")
def baresip() -> str:
    """Where baresip is: a test with softphones is skipped where it is not."""
    return place_of("baresip")


def _running_asterisk() -> Iterator[Asterisk]:
    require("sipp", "asterisk")
    server = Asterisk(Path(place_of("asterisk")))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """RabbitMQ shared by all tests of this process, which leave it running and clean up."""
    yield from _running_rabbitmq(place_of("rabbitmq"))


@pytest.fixture(scope="session")
def rabbitmq_4() -> Iterator[RabbitMQ]:
    """RabbitMQ 4, shared like the older one."""
    yield from _running_rabbitmq(f"/{RABBITMQ_SERVER}", Path(place_of("rabbitmq-4")))


@pytest.fixture(params=["rabbitmq", "rabbitmq_4"])
def each_rabbitmq(request: pytest.FixtureRequest) -> RabbitMQ:
    """Run the test with the oldest RabbitMQ that ctihub is for, and with the newest."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, RabbitMQ)
    return server


@pytest.fixture
def fresh_rabbitmq() -> Iterator[RabbitMQ]:
    """RabbitMQ that this test has for itself and may kill."""
    yield from _running_rabbitmq(place_of("rabbitmq"))


def _running_rabbitmq(program: str, root: Path | None = None) -> Iterator[RabbitMQ]:
    server = RabbitMQ(program, root)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL shared by all tests of this process, which leave it running; each makes a database of its own."""
    yield from _running_postgresql()


@pytest.fixture
def fresh_postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL that this test has for itself and may kill."""
    yield from _running_postgresql()


def _running_postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL(Path(place_of("postgresql")))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Dovecot shared by all tests of this process, which leave it running; each has a mailbox of its own."""
    yield from _running_dovecot()


@pytest.fixture
def fresh_dovecot() -> Iterator[Dovecot]:
    """Dovecot that this test has for itself and may kill."""
    yield from _running_dovecot()


def _running_dovecot() -> Iterator[Dovecot]:
    server = Dovecot(place_of("dovecot"))
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium; a context of it is one signed-in person."""
    async with run_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    """Share one Chromium; each agent has a context of their own in it."""
    async with run_browser() as running:
        yield running


@pytest.fixture
async def browser_context(browser: Browser) -> BrowserContext:
    """One person's browser: cookies and storage of its own."""
    return await browser.new_context()


@pytest.fixture
async def browser_page(browser_context: BrowserContext) -> Page:
    """One tab of that person's browser."""
    return await browser_context.new_page()
