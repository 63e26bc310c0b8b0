"""The suite's customers in a file."""

from pathlib import Path
from typing import Any

from tests.conformance.servers.backend import CUSTOMERS, KNOWN

HEADER = "id;name;phone;mobile;email;order;ordered_on"


class CsvFile:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "customers.csv"
        self._away = folder / "away.csv"
        lines = [HEADER, *(f"{one.id};{one.name};{one.phone};;{one.email};;" for one in CUSTOMERS if one is not KNOWN)]
        # As a national number with separators, and in the second of the columns.
        lines.append(f'{KNOWN.id};"{KNOWN.name}";;0351/5550-123;{KNOWN.email.upper()};"A0042";2026-11-20')
        lines.append("1;;;;empty@example.com;;")
        self.write("\n".join(lines) + "\n")

    def write(self, text: str, encoding: str = "utf-8") -> None:
        """Put a new content in the place of the old one in one step, as a careful export does."""
        made = self.file.with_suffix(".new")
        made.write_bytes(text.encode(encoding))
        made.replace(self.file)

    @property
    def gone(self) -> str:
        return f"{self.file} can't be read: no such file"

    def config(self) -> dict[str, Any]:
        return {
            "kind": "csv",
            "file": str(self.file),
            "delimiter": ";",
            "mapping": "csv_customer",
            "reread_s": 0.05,
            "operations": {
                "by_phone": {"key": "phone", "columns": ["phone", "mobile"]},
                "by_email": {"key": "email", "columns": ["email"]},
                "by_id": {"key": "id", "columns": ["id"]},
            },
        }

    async def start(self) -> None:
        if self._away.exists():
            self._away.rename(self.file)

    async def stop(self) -> None:
        self.file.rename(self._away)
