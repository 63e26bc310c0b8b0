"""`ctihub customer`: one customer's data, in the store itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hub.cli import customer_erase
from hub.cli.main import main
from hub.domain.event import Event, new_id
from hub.domain.ports import AccessAction
from hub.journal.file_store import FileClaim
from hub.journal.journal import Journal
from tests.unit.journal import lives
from tests.waiting import eventually_blocking

CONNECTORS = """
connectors:
  crm: {kind: csv, file: crm.csv, mapping: crm/customer, operations: {by_id: {key: id, columns: [no]}}}
  export: {kind: csv, file: crm.csv, mapping: crm/customer, operations: {by_id: {key: id, columns: [no]}}}
"""
MAILBOX = """
inbound:
  mail:
    mapping: feeds/email
    format: email
    imap: {host: imap.example.com, username: service, password: s3cret-mail}
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMI_SECRET", "s3cret-ami")
    monkeypatch.setattr(customer_erase, "HUB_HEARS_S", 0.05)


def fill(config_file: Path, *more: Event) -> Path:
    """Put both customers into the store that the configuration names; return its file."""

    async def filled() -> None:
        journal = await Journal.open(config_file.with_name("ctihub.db"))
        await journal.append_all([*lives.anna(), *lives.bernd(), lives.both(), *more])
        await journal.keep_dead(lives.LETTERS)
        await journal.keep_accesses(lives.ACCESSES)
        await journal.close()

    asyncio.run(filled())
    return config_file.with_name("ctihub.db")


def customer(config_file: Path, *words: str) -> int:
    return main(["customer", *words, "--config", str(config_file)])


@pytest.mark.parametrize(
    "key", ["crm:4711", "id:sap:A-88", "0351 55501234", f"tel:{lives.ANNA_PHONE}", lives.ANNA_EMAIL.upper()]
)
def test_a_customer_is_exported_by_any_of_their_keys(
    config_file: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """As JSON of a format with a version; that it was done is in the log of accesses, and so in the next export."""
    fill(config_file)
    assert 0 == customer(config_file, "export", key)
    exported = json.loads(capsys.readouterr().out)
    assert ("ctihub customer export", 1) == (exported["format"], exported["version"])
    assert [{"system": "crm", "id": "4711"}, {"system": "sap", "id": "A-88"}] == exported["records"]
    assert 0 == customer(config_file, "export", key)
    seen = json.loads(capsys.readouterr().out)["accesses"]
    assert [AccessAction.EXPORT, AccessAction.POP] == [one["action"] for one in seen]
    assert seen[0]["viewer"].startswith("cli:")


def test_an_export_goes_into_a_file_of_its_own(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For its owner alone to read; what is there already is not written over."""
    fill(config_file)
    out = tmp_path / "anna.json"
    assert 0 == customer(config_file, "export", "crm:4711", "--out", str(out))
    assert 0o600 == out.stat().st_mode & 0o777
    assert lives.ANNA == json.loads(out.read_text())["customer_changes"][0]["data"]["customer"]["name"]["full"]
    assert 2 == customer(config_file, "export", "crm:4711", "--out", str(out))
    assert "File exists" in capsys.readouterr().err


def test_whom_nobody_knows_is_told_so(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 1; what is no key is refused with what one looks like."""
    fill(config_file)
    for words in (("export",), ("erase", "--yes"), ("erase", "--dry-run")):
        assert 1 == customer(config_file, words[0], "crm:nobody", *words[1:])
    assert 2 == customer(config_file, "export", "Anna")
    assert "'Anna' is neither SYSTEM:ID nor a number of DE nor an e-mail address" in capsys.readouterr().err
    assert 2 == customer(config_file, "export", "crm:")
    assert 2 == customer(config_file, "export", lives.SWITCHBOARD)
    err = capsys.readouterr().err
    assert "several customers are known by tel:+4935155500000: name one of them" in err
    assert "  crm:4711\n  crm:99\n" in err


def test_an_erasure_has_to_be_meant(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes nothing happens, and --dry-run says what would."""
    store = fill(config_file)
    before = store.read_bytes()
    assert 2 == customer(config_file, "erase", "crm:4711")
    assert 0 == customer(config_file, "erase", "crm:4711", "--dry-run")
    out = capsys.readouterr().out
    assert "customer: crm:4711, sap:A-88\n" in out
    assert "tel:+4935155500000 is others', too: what is known by it alone stays\n" in out
    assert f"would empty {len(lives.anna()) + 1} events and 2 dead letters, of 1 call\n" in out
    assert before == store.read_bytes()


def test_a_hub_that_is_slow_is_no_hub_that_is_missing(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who erases beside a hub that has not heard of it in its time is told that it will."""
    store = fill(config_file)
    claim = FileClaim(store)
    try:
        assert 0 == customer(config_file, "erase", "crm:4711", "--yes")
    finally:
        claim.release()
    assert "the hub on this store has not come to it yet" in capsys.readouterr().out


def test_an_erased_customer_is_gone(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the file's very bytes; who still knows them is told, and a second time there is nothing."""
    config_file.write_text(config_file.read_text() + CONNECTORS + MAILBOX)
    mappings = config_file.parent / "mappings" / "crm"
    mappings.mkdir(parents=True)
    (mappings / "customer.yaml").write_text("source: CRM\nversion: 1\ntarget: customer\nfields: {id: no}\n")
    (config_file.parent / "crm.csv").write_text("no\n1\n")
    store = fill(config_file)
    assert 0 == customer(config_file, "erase", lives.ANNA_PHONE, "--yes")
    out = capsys.readouterr().out
    assert "still known to: crm. ctihub erases nothing there; their next answer brings it back\n" in out
    assert "not known whether also to: export. Look there\n" in out
    assert "left: mails in the mailbox of service at imap.example.com\n" in out
    assert "no hub runs on this store: the next one that starts publishes cti.customer.erased\n" in out
    text = store.read_bytes().lower()
    assert [] == [trace for trace in lives.TRACES if trace.lower().encode() in text]
    assert 1 == customer(config_file, "erase", lives.ANNA_PHONE, "--yes")
    assert f"nothing is held of {lives.ANNA_PHONE}\nnot known whether also to: crm, export. Look there\n" in (
        capsys.readouterr().out
    )
    assert 1 == customer(config_file, "export", "crm:4711")
    assert 0 == customer(config_file, "export", "crm:99")


def test_who_has_seen_a_customer_is_listed(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, or JSON; the erasure stands there as one, without whose it was."""
    fill(config_file)
    assert 0 == customer(config_file, "accesses", "sap:A-88")
    first, total = capsys.readouterr().out.splitlines()
    assert first.startswith("2026-03-01 12:00:01Z  agent:alice           pop       id:crm:4711, tel:+49")
    assert first.endswith("call main-1")
    assert "1 access" == total
    assert 0 == customer(config_file, "accesses", "sap:A-88", "--json")
    assert "agent:alice" == json.loads(capsys.readouterr().out)["viewer"]
    assert 0 == customer(config_file, "erase", "crm:4711", "--yes")
    capsys.readouterr()
    assert 0 == customer(config_file, "accesses", "crm:4711")
    assert "0 accesses\n" == capsys.readouterr().out


_BEGUN = "SELECT id FROM erasures WHERE events > 0"
_SECOND_PAGE_NEVER_ENDS = """
CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
CREATE TRIGGER second_page BEFORE UPDATE OF events ON erasures WHEN OLD.events > 0
BEGIN SELECT count(*) FROM endless; END;
"""


def test_a_killed_erasure_is_ended_by_the_same_command(config_file: Path) -> None:
    """SIGKILL in its midst: by a key, or the erasure's own id, the rest goes, and nothing is counted twice."""
    chats = [
        msgspec.structs.replace(one, id=new_id())
        for one in lives.anna()
        for _ in range(400)
        if one.type.endswith("recorded")
    ]
    store = fill(config_file, *chats)
    database = sqlite3.connect(store)
    database.executescript(_SECOND_PAGE_NEVER_ENDS)
    command = [sys.executable, "-m", "hub", "customer", "erase", "crm:4711", "--yes", "--config", str(config_file)]
    with subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL) as process:
        try:
            eventually_blocking(lambda: database.execute(_BEGUN).fetchall(), "a page erased", 60)
        finally:
            process.kill()
    assert -signal.SIGKILL == process.returncode
    (erasure_id, state, emptied) = database.execute("SELECT id, state, events FROM erasures").fetchone()
    assert ("begun", True) == (state, emptied < len(chats))
    database.executescript("DROP TRIGGER second_page; DROP VIEW endless;")
    database.close()
    assert 0 == customer(config_file, "erase", f"erasure:{erasure_id}", "--yes")
    assert 2 == customer(config_file, "erase", f"erasure:{erasure_id}", "--yes")
    database = sqlite3.connect(store)
    assert [("done", len(lives.anna()) + 1 + len(chats))] == database.execute(
        "SELECT state, events FROM erasures"
    ).fetchall()
    database.close()
    text = store.read_bytes().lower()
    assert [] == [trace for trace in lives.TRACES if trace.lower().encode() in text]
