"""`ctihub dlq`: what could not be understood, in the store itself, with a hub beside it or without."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.bus.replay import Replayer
from hub.cli import dlq_replay
from hub.cli.main import main
from hub.domain.inbound import DeadLetter, DeadLetterState, Transport
from hub.journal.journal import Journal
from tests.unit.journal import samples

HOSTILE = b'\x1b]0;owned\x07\x1b[2J{"name": "M\xfcller"}\x00\n\xe2\x80\xaeback'


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMI_SECRET", "s3cret-ami")


def letter(number: int, origin: str = "/feed/shop", body: bytes = b"{}") -> DeadLetter:
    return DeadLetter(
        id=f"{number:04}-letter",
        origin=origin,
        at=samples.NOON + timedelta(minutes=number),
        reason="is no date \x1b[31m",
        transport=Transport.QUEUE,
        field="at",
        mapping="shop/order@1",
        message_id=f"m{number}",
        headers={"shop": "north\x1b[2J"},
        body=body,
    )


def keep(config_file: Path, *letters: DeadLetter) -> None:
    """Put letters into the store that the configuration names."""

    async def kept() -> None:
        journal = await Journal.open(config_file.with_name("ctihub.db"))
        await journal.keep_dead(letters)
        await journal.close()

    asyncio.run(kept())


def dlq(config_file: Path, *words: str) -> int:
    return main(["dlq", *words, "--config", str(config_file)])


def test_the_open_ones_are_listed(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest first, with where they are from and why; by feed, backend and state; nothing to obey in it."""
    keep(config_file, letter(1), letter(2), letter(3, "/connector/crm"))
    assert 0 == dlq(config_file, "drop", "0001-letter")
    capsys.readouterr()
    assert 0 == dlq(config_file, "list")
    lines = capsys.readouterr().out.splitlines()
    assert ["0003-letter", "0002-letter", "2"] == [line.split()[0] for line in lines]
    assert "waiting    /connector/crm  field at: is no date \\x1b[31m" in lines[0]
    for words, ids in (
        (("--feed", "shop"), ["0002-letter"]),
        (("--connector", "crm"), ["0003-letter"]),
        (("--state", "dropped"), ["0001-letter"]),
        (("--state", "all", "--limit", "2"), ["0003-letter", "0002-letter"]),
        (("--feed", "nix"), []),
    ):
        assert 0 == dlq(config_file, "list", "--json", *words)
        assert ids == [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


def test_one_is_shown_so_that_no_terminal_obeys_it(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is known, and the original with escapes for what is no text; named by the beginning of its id."""
    keep(config_file, letter(1, body=HOSTILE), letter(12))
    assert 0 == dlq(config_file, "show", "0001")
    shown = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in shown)
    for expected in ("/feed/shop", "shop/order@1", "field:         at", "north\\x1b[2J", "M\\xfcller", "\\u202eback"):
        assert expected in shown
    assert 0 == dlq(config_file, "show", "0001", "--json")
    assert HOSTILE == base64.b64decode(json.loads(capsys.readouterr().out)["body"])
    for beginning, reason in (("00", "2 ids begin with"), ("zz", "no dead letter whose id begins")):
        assert 1 == dlq(config_file, "show", beginning)
        assert reason in capsys.readouterr().err


def test_it_is_shown_in_its_feeds_encoding(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that what came from a mainframe can be read; what is UTF-8 is shown as that, whatever the feed's says."""
    feed = "inbound: {shop: {mapping: feeds/web_visit, encoding: cp037, folder: {path: in}}}"
    config_file.write_text(f"{config_file.read_text()}{feed}\n")
    keep(config_file, letter(1, body="D0815 Müller\x85".encode("cp037")), letter(2, body="D0815 Müller".encode()))
    assert 0 == dlq(config_file, "show", "0001")
    assert "13 bytes, shown as cp037\n\nD0815 Müller\n" in capsys.readouterr().out
    assert 0 == dlq(config_file, "show", "0002")
    assert "13 bytes\n\nD0815 Müller\n" in capsys.readouterr().out


def test_a_name_that_the_configuration_does_not_have_is_doubted(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a feed of before has left can still be listed."""
    keep(config_file, letter(1))
    assert 0 == dlq(config_file, "list", "--feed", "shop")
    told = capsys.readouterr()
    assert ("1 dead letter", "there is no feed 'shop' any more, or never was") == (
        told.out.splitlines()[-1],
        told.err.strip(),
    )


def test_the_bytes_themselves_go_to_a_file_or_a_pipe(
    config_file: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never to a terminal, and over no file that is there."""
    keep(config_file, letter(1, body=HOSTILE))
    saved = config_file.with_name("original")
    assert 0 == dlq(config_file, "show", "0001", "--output", str(saved))
    assert (HOSTILE, 0o600) == (saved.read_bytes(), saved.stat().st_mode & 0o777)
    assert 2 == dlq(config_file, "show", "0001", "--output", str(saved))
    capfdbinary.readouterr()
    assert 0 == dlq(config_file, "show", "0001", "--raw")
    assert HOSTILE == capfdbinary.readouterr().out
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    assert 2 == dlq(config_file, "show", "0001", "--raw")


def test_what_is_dropped_is_over(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several only with --yes; what is over, or not there, is told."""
    keep(config_file, *(letter(number) for number in range(4)), letter(7, "/connector/crm"))
    assert 2 == dlq(config_file, "drop")
    assert 2 == dlq(config_file, "drop", "0001", "--all", "--yes")
    assert 2 == dlq(config_file, "drop", "--feed", "shop")
    assert "would drop 4" in capsys.readouterr().err
    assert 0 == dlq(config_file, "drop", "0001")
    assert 1 == dlq(config_file, "drop", "0001", "nix", "0002", "--yes")
    error = capsys.readouterr().err
    assert "0001-letter is dropped already" in error
    assert "nix" in error
    assert 0 == dlq(config_file, "drop", "--feed", "shop", "--yes")
    capsys.readouterr()
    assert 0 == dlq(config_file, "list", "--json")
    assert ["0007-letter"] == [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert 0 == dlq(config_file, "drop", "--connector", "crm", "--yes")
    capsys.readouterr()
    assert 0 == dlq(config_file, "list", "--json")
    assert "" == capsys.readouterr().out


async def _beside_a_hub(
    config_file: Path, replay: Callable[[DeadLetter], Awaitable[str]], *words: str
) -> tuple[int, Sequence[DeadLetter]]:
    """Run the command while a hub replays on the same store."""
    journal = await Journal.open(config_file.with_name("ctihub.db"))
    replayer = Replayer(journal, attempts=lambda _: 1, look_every_s=0.05)
    replayer.on_replay("/feed/", replay)
    replayer.start()
    try:
        status = await asyncio.to_thread(dlq, config_file, *words)
        return status, await journal.dead_letters()
    finally:
        await replayer.stop()
        await journal.close()


async def test_a_replay_waits_for_what_the_running_hub_makes_of_it(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is told of each; exit status 1 when one of them failed again."""
    await asyncio.to_thread(keep, config_file, letter(1), letter(2), letter(3))

    async def replay(one: DeadLetter) -> str:
        return "still no date" if one.message_id == "m2" else ""

    status, letters = await _beside_a_hub(config_file, replay, "replay", "0001")
    # The hub logs to the same place here.
    assert (0, True) == (status, capsys.readouterr().out.endswith("0001-letter replayed\n1 of 1 replayed\n"))
    status, letters = await _beside_a_hub(config_file, replay, "replay", "--feed", "shop")
    assert 1 == status
    assert "0002-letter failed again: still no date" in capsys.readouterr().out
    assert {
        "0001-letter": DeadLetterState.REPLAYED,
        "0002-letter": DeadLetterState.WAITING,
        "0003-letter": DeadLetterState.REPLAYED,
    } == {one.id: one.state for one in letters}


def test_without_a_hub_the_wish_stays(
    config_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is said; the next hub that runs finds it."""
    keep(config_file, letter(1))
    monkeypatch.setattr(dlq_replay, "NOBODY_BEGAN_S", 0.2)
    assert 0 == dlq(config_file, "replay", "--all")
    assert "that is done as soon as a hub runs on this store" in capsys.readouterr().out
    assert 0 == dlq(config_file, "list", "--state", "replaying", "--json")
    assert "0001-letter" == json.loads(capsys.readouterr().out)["id"]


def test_without_a_store_it_can_not_run(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None is made of it."""
    assert 2 == dlq(config_file, "list")
    assert capsys.readouterr().err
    assert not config_file.with_name("ctihub.db").exists()
