from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.cli import check
from hub.cli.main import main
from hub.cli.probes import Probe, ProbeError
from hub.masking import Masking
from tests.unit.cli.conftest import CONFIG, Ctihub

MORE = """\
bus: {url: "amqp://hub:hunter2-bus@127.0.0.1:{port}/"}
inbound: {shipping: {mapping: feeds/order_shipped}}
connectors:
  crm:
    kind: rest
    url: http://127.0.0.1:{port}/api
    mapping: sap_s4hana/business_partner
    auth: {type: bearer, token: hunter2-token}
    check: /ping
    operations:
      by_phone: {key: phone, steps: [{name: found, path: /customers, params: {phone: {from: query.e164}}}]}
"""


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Hold a port on which nobody listens and that nobody else is given meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def configuration(port: int) -> str:
    return CONFIG.replace("username", f"port: {port}, username") + MORE.replace("{port}", str(port))


def test_everything_is_tried_and_each_failure_has_a_row(
    ctihub_process: Ctihub, config_file: Path, closed_port: int
) -> None:
    """The store is fine, the four that are away are told one by one, and no secret with them."""
    config_file.write_text(configuration(closed_port))
    done = ctihub_process("check")
    rows = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert [
        ["ok", "store", "journal"],
        ["FAIL", "pbx", "main"],
        ["FAIL", "connector", "crm"],
        ["FAIL", "bus", "ctihub.events"],
        ["FAIL", "feed", "shipping"],
    ] == [row[:3] for row in rows], done.stdout + done.stderr
    assert "will be made at the first start" in rows[0][3]
    assert not [row for row in rows[1:] if len(row[3]) < 10]
    assert 1 == done.returncode
    assert "hunter2" not in done.stdout + done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_only_what_is_named(ctihub_process: Ctihub, config_file: Path, closed_port: int) -> None:
    """A connector can be checked by itself; a name that nothing has is told with the nearest."""
    config_file.write_text(configuration(closed_port))
    done = ctihub_process("check", "crm")
    assert [["FAIL", "connector", "crm"]] == [line.split(maxsplit=3)[:3] for line in done.stdout.splitlines()]
    wrong = ctihub_process("check", "cmr")
    assert (2, "") == (wrong.returncode, wrong.stdout)
    assert "the configuration has no 'cmr'; did you mean 'crm'?" in wrong.stderr


async def _asterisk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a manager session as Asterisk does, well enough for a check."""
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode():
        name, _, value = line.strip().partition(": ")
        if name:
            headers[name] = value
            continue
        action, action_id = headers["Action"], headers["ActionID"]
        body = {
            "Challenge": "Challenge: 123456\r\n",
            "CoreSettings": "AsteriskVersion: 22.5.2\r\n",
        }.get(action, "")
        is_list = action in {"CoreShowChannels", "QueueStatus", "PJSIPShowEndpoints"}
        if action == "SIPpeers":
            refusal = f"Response: Error\r\nActionID: {action_id}\r\nMessage: Invalid/unknown command: SIPpeers\r\n\r\n"
            writer.write(refusal.encode())
            headers = {}
            continue
        start = "EventList: start\r\n" if is_list else ""
        writer.write(f"Response: Success\r\nActionID: {action_id}\r\n{start}{body}\r\n".encode())
        if action == "QueueStatus":
            for queue in ("support", "sales"):
                writer.write(f"Event: QueueParams\r\nActionID: {action_id}\r\nQueue: {queue}\r\n\r\n".encode())
        if is_list:
            end = f"Event: {action}Complete\r\nActionID: {action_id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n"
            writer.write(end.encode())
        headers = {}
    writer.close()


@pytest.fixture
async def pbx_port() -> AsyncIterator[int]:
    server = await asyncio.start_server(_asterisk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_pbx_that_answers_is_told_with_what_it_has(
    config_file: Path, pbx_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Version and queues; all is fine, so the status is 0."""
    await asyncio.to_thread(config_file.write_text, CONFIG.replace("username", f"port: {pbx_port}, username"))
    monkeypatch.setenv("AMI_SECRET", "s3cret-ami")
    assert 0 == await asyncio.to_thread(main, ["check", "--config", str(config_file)])
    rows = capsys.readouterr().out.splitlines()
    assert [row for row in rows if row.startswith("ok    pbx        main     Asterisk 22.5.2, 2 queues")], rows


async def test_several_pbxs_have_a_row_each(
    config_file: Path,
    pbx_port: int,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The one that is down is named in its row and in what is wrong with it; the other is fine all the same."""
    both = f"""
hub: {{region: DE}}
pbx:
  berlin: {{host: 127.0.0.1, port: {pbx_port}, username: hub, secret: "${{AMI_SECRET}}"}}
  shanghai: {{host: 127.0.0.1, port: {closed_port}, username: hub, secret: "${{AMI_SECRET}}"}}
agents:
  alice: {{name: Alice, devices: [PJSIP/1001], pbx: berlin}}
  wei: {{name: Wei, devices: [PJSIP/1001], pbx: shanghai}}
"""
    await asyncio.to_thread(config_file.write_text, both)
    monkeypatch.setenv("AMI_SECRET", "s3cret-ami")
    assert 1 == await asyncio.to_thread(main, ["check", "--config", str(config_file)])
    rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [["ok", "pbx", "berlin"], ["FAIL", "pbx", "shanghai"]] == [row[:3] for row in rows]
    assert rows[1][3].startswith(f"PBX shanghai (127.0.0.1:{closed_port}) can't be reached")


def test_watched_folders_have_a_row_each(ctihub_process: Ctihub, config_file: Path) -> None:
    """Whether it is there and files can be moved; nothing is made in it."""
    inbox = config_file.parent / "in"
    inbox.mkdir()
    folders = "inbound:\n" + "".join(
        f"  {name}: {{mapping: feeds/order_shipped, folder: {{path: {path}}}}}\n"
        for name, path in (("erp", "in"), ("old", "nowhere"))
    )
    config_file.write_text(config_file.read_text() + folders)
    rows = [line.split(maxsplit=3) for line in ctihub_process("check").stdout.splitlines()]
    told = {row[2]: (row[0], row[3]) for row in rows if row[1] == "folder"}
    assert ("ok", f"{inbox} can be read, and files be moved there") == told["erp"]
    assert "FAIL" == told["old"][0]
    assert f"there is no folder {config_file.parent / 'nowhere'}" in told["old"][1]
    assert [] == list(inbox.iterdir())


def test_a_store_that_is_no_database_has_a_row(ctihub_process: Ctihub, config_file: Path) -> None:
    """What is no database is found before the hub is started."""
    (config_file.parent / "ctihub.db").write_text("not a database, but longer than its header of 100 bytes. " * 3)
    row = ctihub_process("check").stdout.splitlines()[0]
    assert row.startswith("FAIL  store")
    assert "is not an SQLite database" in row


async def test_each_has_its_own_time(capsys: pytest.CaptureFixture[str]) -> None:
    """One that never answers costs its own row, and the others are asked meanwhile."""

    async def hang() -> str:
        await asyncio.Event().wait()
        return ""

    async def answer() -> str:
        return "fine, says hunter2!"

    async def refuse() -> str:
        raise ProbeError("refused: no")

    asked = [Probe("pbx", "slow", hang), Probe("pbx", "quick", answer), Probe("connector", "crm", refuse)]
    masking = Masking()
    masking.hide(["hunter2!"])
    assert 2 == await check._check(asked, masking, 0.05)
    assert [
        "FAIL  pbx        slow   no answer within 0.05 s",
        "ok    pbx        quick  fine, says ***",
        "FAIL  connector  crm    refused: no",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "601", "nan"])
def test_the_time_limit_is_a_number(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong one is a wrong command line."""
    with pytest.raises(SystemExit) as ended:
        main(["check", f"--timeout={seconds}"])
    assert 2 == ended.value.code
    assert "must be a number of seconds" in capsys.readouterr().err
