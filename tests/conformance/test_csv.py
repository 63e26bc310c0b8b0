"""The `csv` kind keeps the contract of all connectors, and what files demand of it."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Connector, ConnectorError
from connectors.csv_file import connector as csv_connector
from connectors.csv_file.text import read_records
from connectors.tracing import Exchange, recorded
from hub.config.csv_file import CsvConnector as CsvConfig
from hub.domain.customer import CustomerQuery, Name, Problem
from tests.conformance.behaviour import ConnectorBehaviour, by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.csv_file import HEADER, CsvFile
from tests.waiting import eventually_asked


async def ids(connector: Connector, **key: Any) -> list[str]:
    return [record.id for record in await connector.lookup(CustomerQuery(**key))]


async def is_known(connector: Connector, identifier: str) -> bool:
    return bool(await ids(connector, ids={"crm": identifier}))


class TestCsv(ConnectorBehaviour):
    @pytest.fixture
    async def backend(self, tmp_path: Path) -> CsvFile:
        return CsvFile(tmp_path)

    async def refusal(self, backend: CsvFile, **changes: Any) -> ConnectorError:
        connector = connector_for(backend, **changes)
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        await connector.close()
        assert raised.value.message.startswith(f"crm, operation by_phone: step rows: {backend.file} ")
        return raised.value

    async def test_empty_cells_are_nothing(self, connector: Connector) -> None:
        """A row of which only the id is filled in is a customer of whom little is known; an empty cell is nobody's."""
        records = await connector.lookup(CustomerQuery(email="empty@example.com"))
        assert [("1", Name(), ())] == [(record.id, record.name, record.phones) for record in records]
        assert [] == await ids(connector, ids={"crm": " "})

    async def test_a_value_that_looks_like_csv(self, backend: CsvFile, connector: Connector) -> None:
        """Signs of the format inside quotes are part of the value, and found as it."""
        wild = "x;y\"'=cmd|' /C calc'!A0"
        backend.write(
            f'{HEADER}\n"{wild.replace(chr(34), chr(34) * 2)}";Wild\nOne;;;;;\n'.replace("Wild\nOne", '"Wild\nOne"')
        )
        assert [wild] == await ids(connector, ids={"crm": wild})

    async def test_reread_when_it_changes(self, backend: CsvFile, connector: Connector) -> None:
        """A new content counts soon, without a restart; what stood there before is gone."""
        assert [KNOWN.id] == await ids(connector, ids={"crm": KNOWN.id})
        backend.write(f"{HEADER}\n99;New;0351 5550199;;;;\n")
        await eventually_asked(lambda: is_known(connector, "99"), "the new customer")
        assert [] == await ids(connector, ids={"crm": KNOWN.id})
        assert ["99"] == [record.id for record in await connector.lookup(by_phone("+493515550199"))]

    async def test_a_file_that_goes_away(self, backend: CsvFile, connector: Connector) -> None:
        """What was read stays, and `check` tells that it is old; when the file is back, so is what it says."""
        assert await connector.check()
        await backend.stop()
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        assert "no such file" in raised.value.message
        assert "what was read before is kept (4 rows)" in raised.value.message
        assert [KNOWN.id] == await ids(connector, ids={"crm": KNOWN.id})
        await backend.start()
        assert (await connector.check()).startswith("4 rows")

    async def test_a_file_that_is_being_written(
        self, backend: CsvFile, connector: Connector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a row at the end keeps what was read before; the whole file counts, or one that stays as it is."""
        assert await connector.check()
        half = f"{HEADER}\n98;Ninety-eight;;;;;\n99;Ninety-n"
        backend.file.write_text(half)
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        assert "ends in the middle of a row" in raised.value.message
        assert [KNOWN.id] == await ids(connector, ids={"crm": KNOWN.id})
        backend.file.write_text(half + "ine;;;;;")
        await eventually_asked(lambda: is_known(connector, "99"), "the row that was half")
        backend.file.write_text(half)
        monkeypatch.setattr(csv_connector, "HALF_WRITTEN_S", 0.0)
        assert f"1 row left out, the first at {backend.file}:3: 2 values for 7 columns" in await connector.check()
        assert [["98"], []] == [await ids(connector, ids={"crm": one}) for one in ("98", "99")]

    async def test_an_empty_file_keeps_what_was_there(self, backend: CsvFile, connector: Connector) -> None:
        """A file of no bytes is one that is being made; one with nothing but its header has no customers."""
        assert await connector.check()
        backend.write("")
        with pytest.raises(ConnectorError, match="is empty"):
            await connector.check()
        assert [KNOWN.id] == await ids(connector, ids={"crm": KNOWN.id})
        backend.write(HEADER + "\n")
        assert (await connector.check()).startswith("0 rows")
        assert [] == await ids(connector, ids={"crm": KNOWN.id})

    async def test_broken_rows_are_left_out(self, backend: CsvFile, connector: Connector) -> None:
        """Each is told with file and line, and costs none of the others."""
        backend.write(
            f'{HEADER}\n1;One;;;;;\n2;Two\n3;"Three;;;;;\n4;Four;;;;;\n5;"Fi"ve;;;;;\n6;"Si\nx";;;;;\n\n7;Seven;;;;;;;;\n8;Eight;;;;;\n'
        )
        fact = await connector.check()
        assert f"4 rows left out, the first at {backend.file}:3: 2 values for 7 columns" in fact
        known = [one for one in "12345678" if await is_known(connector, one)]
        assert ["1", "4", "6", "8"] == known

    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            ("utf-8", "Jürgen Müller 漏油"),
            ("utf-8-sig", "Jürgen Müller 漏油"),
            ("utf-16", "Jürgen Müller 漏油"),
            ("latin-1", "Jürgen Müller"),
            ("cp1252", "Jürgen Müller €"),
            ("gbk", "漏油"),
            ("gb18030", "漏油 €"),
        ],
    )
    async def test_encodings(self, backend: CsvFile, encoding: str, text: str) -> None:
        """Each is read as what it is; a byte order mark is no part of the first column's name."""
        backend.write(f"{HEADER}\n99;{text};+493515550199;;;;\n", encoding)
        config = "utf-8" if encoding == "utf-8-sig" else encoding
        connector = connector_for(backend, encoding=config)
        await connector.start()
        [record] = await connector.lookup(by_phone("+493515550199"))
        await connector.close()
        assert ("99", text) == (record.id, record.name.full)

    async def test_bytes_of_another_encoding(self, backend: CsvFile, connector: Connector) -> None:
        """They cost their row; a file of nothing else is refused with what to correct."""
        backend.file.write_bytes(f"{HEADER}\n1;One;;;;;\n2;M\xfcller;;;;;\n".encode("latin-1"))
        assert f"1 row left out, the first at {backend.file}:3: bytes that are not utf-8" in await connector.check()
        backend.file.write_bytes(f"{HEADER}\n2;M\xfcller;;;;;\n".encode("latin-1"))
        with pytest.raises(ConnectorError, match="correct `delimiter`, `quote`, `encoding`"):
            await connector.check()
        backend.write(f"{HEADER}\n1;One;;;;;\n", "utf-16")
        with pytest.raises(ConnectorError, match="say `encoding: utf-16`"):
            await connector.check()

    async def test_without_a_header(self, backend: CsvFile) -> None:
        """`columns` names them then; tabs and other quotes are fine."""
        backend.write("0042\t'Petra\tVogt'\t+493515550123\n")
        columns = ["id", "name", "phone"]
        operations = {"by_phone": {"key": "phone", "columns": ["phone"]}}
        connector = connector_for(backend, columns=columns, operations=operations, delimiter="\t", quote="'")
        await connector.start()
        [record] = await connector.lookup(by_phone(KNOWN.phone))
        await connector.close()
        assert ("0042", "PetraVogt") == (record.id, record.name.full.replace("\t", "").replace(" ", ""))

    @pytest.mark.parametrize(
        ("changes", "problem", "words"),
        [
            ({"delimiter": ","}, Problem.MALFORMED, "has no column 'phone'"),
            ({"limits": {"file_bytes": 1_024}}, Problem.TOO_LARGE, "more than 1024 bytes"),
            ({"limits": {"rows": 3}}, Problem.TOO_LARGE, "more than 3 rows"),
            (
                {"operations": {"by_phone": {"key": "phone", "columns": ["phon"]}}},
                Problem.MALFORMED,
                "has no column 'phon'; did you mean 'phone'?",
            ),
        ],
    )
    async def test_a_file_that_is_refused(
        self, backend: CsvFile, changes: dict[str, Any], problem: Problem, words: str
    ) -> None:
        """What can't be used is told with the file and what to do."""
        with backend.file.open("a") as file:
            file.write("\n" * 1_500)
        error = await self.refusal(backend, **changes)
        assert (problem, True) == (error.problem, words in error.message), error.message

    async def test_a_folder_in_its_place(self, backend: CsvFile) -> None:
        """What is no file is told as that."""
        backend.file.unlink()
        backend.file.mkdir()
        assert "can't be read: is a directory" in (await self.refusal(backend)).message

    async def test_traced(self, backend: CsvFile, connector: Connector) -> None:
        """Who traces sees what was looked for, and the rows."""
        with recorded() as trace:
            await connector.lookup(by_phone(KNOWN.phone))
        [exchange] = [event for event in trace.happened if isinstance(event, Exchange)]
        assert ("phone or mobile = +493515550123", str(backend.file)) == (exchange.method, exchange.address)
        assert b"Petra Vogt" in exchange.reply_body

    async def test_check(self, backend: CsvFile, connector: Connector) -> None:
        """A check says rows, columns and age."""
        os.utime(backend.file, (time.time() - 7_200,) * 2)
        assert f"4 rows, columns {HEADER.replace(';', ', ')}, written 2:00:0" in await connector.check()

    async def test_lookups_do_not_wait_for_a_large_file(self, backend: CsvFile, connector: Connector) -> None:
        """While 20,000 rows are reread, lookups are answered from what was there."""
        assert await connector.check()
        rows = [
            f"{number};Name {number};0351 {5_550_000 + number};;m{number}@example.com;;" for number in range(20_000)
        ]
        backend.write("\n".join([HEADER, *rows]) + "\n")
        answered_meanwhile = 0
        while await ids(connector, ids={"crm": "19999"}) != ["19999"]:
            answered_meanwhile += 1
            await asyncio.sleep(0.01)
        assert answered_meanwhile > 1

    async def test_an_open_quote_does_not_swallow_the_file(self, backend: CsvFile) -> None:
        """A hostile file of nothing but open quotes is refused in bounded time."""
        config = CsvConfig.model_validate(backend.config())
        began = time.perf_counter()
        with pytest.raises(ConnectorError, match="can't be read"):
            read_records((HEADER + "\n" + '1;"x;;;;;\n' * 50_000).encode(), config)
        assert time.perf_counter() - began < 10.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"encoding": "utf-9"}, "no encoding is named 'utf-9'"),
        ({"encoding": "base64"}, "no encoding is named 'base64'"),
        ({"delimiter": "a"}, "must be a sign"),
        ({"delimiter": '"'}, "another sign than the delimiter"),
        ({"columns": ["id", "id"]}, "two columns have the same name"),
        ({"columns": ["id", "phone"]}, "there is no column 'mobile'"),
        ({"headers": {"X-A": "b"}}, "takes no HTTP headers"),
        ({"tls": {"verify": False}}, "no connection"),
    ],
)
def test_what_the_configuration_can_not_say(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """It is refused with the reason when it is loaded."""
    with pytest.raises(ValidationError, match=words):
        CsvConfig.model_validate({**CsvFile(tmp_path).config(), **changes})
