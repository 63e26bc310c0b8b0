"""A site with a real Asterisk, shared by the scenarios that leave it as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.conftest import built_pages  # noqa: F401 - pytest finds a fixture by its name
from tests.scenarios.backends import Backends
from tests.scenarios.call_site import CallSite, asterisk_section, running_site
from tests.servers.asterisk import Asterisk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def backends() -> AsyncIterator[Backends]:
    """Run SAP and Service Cloud; every test finds them quick."""
    async with Backends() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(
    asterisk: Asterisk,
    shared_browser: Browser,
    backends: Backends,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[CallSite]:
    """Run a hub between Asterisk and both backends, with three agents."""
    sections = {"pbx": asterisk_section(asterisk), "connectors": backends.connectors(), "context": {"cache_s": 0}}
    environment = {**backends.passwords, "AMI_SECRET": asterisk.ami_secret}
    async with running_site(
        tmp_path_factory.mktemp("site"),
        shared_browser,
        sections=sections,
        environment=environment,
        users=("alice", "bob", "chen"),
    ) as running:
        yield running
