"""`ctihub demo` as somebody types it: one URL, calls of all sorts behind it, and Ctrl-C ends all of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from hub.demo.people import CALLERS, OTHERS
from tests.servers.process import OwnedProcess
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMAND = [sys.executable, "-m", "hub", "demo", "--port", "0"]
AT_PACE = """
import sys
from hub.demo.main import run_demo
from hub.demo.script import Pace
sys.exit(run_demo(port=0, pace=Pace(greeting=0.2, ringing={ringing}, talking=0.5, after_call={after_call}, pause=0.3)))
"""
# A call rings until the test has seen it and takes it.
UNTIL_TAKEN = [sys.executable, "-c", AT_PACE.format(ringing=60.0, after_call=0.0)]
# Long enough for a person, or a test, to do something with the call.
PATIENT = [sys.executable, "-c", AT_PACE.format(ringing=15.0, after_call=5.0)]
# The calls come round and round: what was missed once is seen the next time.
WITHIN_MS = 60_000


def processes_of_group(group: int) -> list[str]:
    """Return the command lines of the processes of a process group."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # no process, or one that has ended meanwhile
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(command)
    return found


@asynccontextmanager
async def demo(argv: list[str], output: Path, browser: Browser) -> AsyncIterator[Page]:
    """Run the demo with its printed URL open in a page; then Ctrl-C must end it, and all it started, with status 0."""
    process = OwnedProcess(argv, output)
    process.start()
    try:
        await eventually(lambda: "http://" in process.output_end() or not process.running, "the demo's URL", 180)
        url = re.search(r"http://127\.0\.0\.1:\d+/", process.output_end())
        assert url is not None, process.output_end()
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(url[0])
        yield page
        assert 2 <= len(processes_of_group(process.pid))
        # A terminal sends the signal to all in its foreground: to the demo and to the hub.
        os.killpg(process.pid, signal.SIGINT)
        await eventually(lambda: not process.running, "the demo's end", 20)
        assert 0 == process.status, process.output_end()
        assert [] == processes_of_group(process.pid)
        assert "Traceback" not in process.output_end()
        await context.close()
    finally:
        process.kill()


async def test_the_printed_url_shows_calls_and_ctrl_c_ends_it(tmp_path: Path, shared_browser: Browser) -> None:
    """No sign-in and no further step: the first caller pops with name, orders and cases, and is logged afterwards."""
    async with demo(COMMAND, tmp_path / "output", shared_browser) as page:
        known = CALLERS[0]
        await expect(page.get_by_test_id("pop-name")).to_have_text(known.full_name, timeout=WITHIN_MS)
        await expect(page.get_by_test_id("order")).to_have_count(len(known.orders))
        await expect(page.get_by_test_id("case")).to_have_count(len(known.incidents) + 1)
        await expect(page.get_by_test_id("case-over")).to_have_text("2 days over target")
        await expect(page.get_by_test_id("warranty")).to_have_text("Warranty ends in 12 days")
        await expect(page.locator('[data-testid="proposal"][data-kind="stop"]')).to_have_count(1)
        await expect(page.get_by_test_id("pop-repeat")).to_contain_text("3rd contact")
        await expect(page.get_by_test_id("details").get_by_test_id("conflict")).to_have_count(1)
        await expect(page.get_by_test_id("log-row")).to_have_count(1, timeout=WITHIN_MS)
        await expect(page.get_by_test_id("log-row")).to_contain_text("Answered")


def _shop_s_request(output: str) -> tuple[urllib.request.Request, bytes]:
    """Return what the printed `curl` sends."""
    printed = re.search(r"^ *curl .*\\\n.*$", output, re.MULTILINE)
    assert printed is not None, output
    _, url, _, header, _, body = shlex.split(printed[0].replace("\\\n", ""))
    name, _, value = re.sub(r"\$\(cat (.*)\)", lambda found: Path(found[1]).read_text("utf-8"), header).partition(": ")
    return urllib.request.Request(url, headers={name: value}), body.encode()  # noqa: S310 - the demo's own address


def _sent(asked: urllib.request.Request, body: bytes) -> bytes:
    with urllib.request.urlopen(asked, body, timeout=20) as reply:  # noqa: S310 - the demo's own address
        content: bytes = reply.read()
    return content


async def test_the_printed_commands_look_into_it(tmp_path: Path) -> None:
    """As they stand, with no password to be found out: the backends answer, a caller is traced, events are told."""
    process = OwnedProcess(COMMAND, tmp_path / "output")
    process.start()
    try:
        await eventually(lambda: "Ctrl-C ends" in process.output_end() or not process.running, "the demo", 60)
        commands = {
            line.split()[1]: line.split()[1:] for line in process.output_end().splitlines() if "ctihub " in line
        }
        asked, body = _shop_s_request(process.output_end())
        for answer in ("recorded", "duplicates"):
            receipt = json.loads(await asyncio.to_thread(_sent, asked, body))
            assert 1 == receipt[answer]
        said = {}
        for verb, more in {"check": [], "trace": [], "tap": ["--after", "0", "--count", "3"]}.items():
            words = [sys.executable, "-m", "hub", *commands[verb], *more]
            done = await asyncio.to_thread(
                subprocess.run, words, capture_output=True, text=True, timeout=60, check=False
            )
            assert (0, "") == (done.returncode, done.stderr), done.stdout
            said[verb] = done.stdout
        assert ["ok"] * 5 == [line.split()[0] for line in said["check"].splitlines()]
        assert f'full "{CALLERS[0].full_name}"' in said["trace"].partition("=== the agent sees 1 customer")[2]
        assert 3 == len(said["tap"].splitlines())
        folder = Path(commands["check"][-1]).parent
        secrets = [file.read_text("utf-8") for file in (folder / "secrets").iterdir()]
        assert not [secret for secret in secrets for text in said.values() if secret in text]
        assert 0o700 == (folder / "secrets").stat().st_mode & 0o777
    finally:
        os.killpg(process.pid, signal.SIGINT)
        await eventually(lambda: not process.running, "the demo's end", 20)
        process.kill()
    assert not folder.exists()


async def test_each_sort_of_caller_is_shown(tmp_path: Path, shared_browser: Browser) -> None:
    """Known to all, to one, to none, anonymous, while a backend is slow, while one is down, two with one number."""
    all_three, one, _none, _anonymous, slow, down, family = CALLERS
    async with demo(UNTIL_TAKEN, tmp_path / "output", shared_browser) as page:
        name = page.get_by_test_id("pop-name")

        def system(connector: str, state: str) -> str:
            return f'[data-testid="system"][data-system="{connector}"][data-state="{state}"]'

        async def pops(text: str, *also: str) -> None:
            await expect(name).to_have_text(text, timeout=WITHIN_MS)
            for selector in also:
                await expect(page.locator(selector)).to_have_count(1, timeout=WITHIN_MS)

        async def takes() -> None:
            """Take the call, which its caller ends soon: the next one may come."""
            await page.get_by_test_id("do-answer").click(timeout=WITHIN_MS)

        found = [system(name, "found") for name in ("sap", "service_cloud", "field_service")]
        await pops(all_three.full_name, *found)
        await takes()
        await pops(one.full_name, system("sap", "found"), system("service_cloud", "not_found"))
        await takes()
        await pops("Unknown caller", system("sap", "not_found"), system("service_cloud", "not_found"))
        await takes()
        await pops("Anonymous caller")
        await takes()
        await pops(slow.full_name, system("sap", "failed") + ' [data-problem="timeout"]')
        await takes()
        await pops(down.full_name, system("service_cloud", "failed") + ' [data-problem="unreachable"]')
        await takes()
        await pops(" or ".join(one.full_name for one in (family, *OTHERS)))
        await expect(page.get_by_test_id("candidate")).to_have_count(2)
        await page.get_by_test_id("choose").nth(1).click()
        await expect(page.get_by_test_id("pop-name")).to_have_text(OTHERS[0].full_name)
        await expect(page.get_by_test_id("pop-chosen")).to_contain_text("Chosen by you")
        await takes()
        await pops(all_three.full_name)
        rows = page.get_by_test_id("log-row")
        assert len(CALLERS) <= await rows.count()
        await expect(rows.filter(has_text="Answered")).to_have_count(await rows.count())


async def test_a_visitor_does_with_a_call_what_the_page_offers(tmp_path: Path, shared_browser: Browser) -> None:
    """Answer, hold, take back, ask a colleague and hand over; park and pick up; go not ready; dial."""
    async with demo(PATIENT, tmp_path / "output", shared_browser) as page:
        state = page.get_by_test_id("pop-state")
        own = page.get_by_test_id("agent-state")

        async def do(*keys: str) -> None:
            for key in keys:
                await page.get_by_test_id(key).first.click(timeout=WITHIN_MS)

        async def is_now(wanted: str) -> None:
            await expect(state).to_have_attribute("data-state", wanted, timeout=WITHIN_MS)

        await is_now("ringing")
        await do("do-answer")
        await is_now("connected")
        await do("do-record")
        await expect(page.locator('[data-fact="recording"]')).to_be_visible()
        await do("do-hold")
        await is_now("held")
        await do("do-retrieve")
        await is_now("connected")
        await do("do-transfer", "colleague", "to-consult")
        await expect(page.locator('[data-fact="with"]')).to_contain_text("Bob Krause")
        await do("do-complete")
        await is_now("ringing")  # the next caller
        await do("do-answer", "do-park", "pick-up")
        await is_now("ringing")
        await do("do-answer")
        await is_now("connected")
        await do("do-hang-up")
        await expect(own).to_have_attribute("data-state", "after_call_work")
        await do("agent-state", "choice-not-ready-0")
        await expect(own).to_contain_text("Break")
        await page.get_by_test_id("dial-number").fill("030 5550123")
        await do("dial")
        await is_now("ringing")
        await do("do-answer")
        await expect(own).to_have_attribute("data-state", "busy")
        await do("do-hang-up")
        await expect(own).to_have_attribute("data-state", "not_ready")
        await expect(page.get_by_test_id("call-trouble")).to_have_count(0)
