"""Records a second through the mapping language, and through JMESPath alone for the same 20 fields."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jmespath
import msgspec

from hub.mapping.mapping import load_mapping
from tests.bench.result import Target, report, spread
from tests.bench.sap_record import EXPRESSIONS, MAPPING, RECORD

RECORDS = 2_000
ROUNDS = 7


def leaves(value: Any) -> int:
    """Count the plain values in a record."""
    if isinstance(value, dict | list):
        return sum(map(leaves, value.values() if isinstance(value, dict) else value))
    return 1


def _by_mapping() -> Callable[[], Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "partner.yaml"
        file.write_text(MAPPING, encoding="utf-8")
        mapping = load_mapping(file)
    return lambda: mapping.run_customer(RECORD, system="sap", region="DE", left_out=[])


def _by_jmespath() -> Callable[[], dict[str, Any]]:
    compiled: Any = [(name, jmespath.compile(text)) for name, text in EXPRESSIONS.items()]
    return lambda: {name: expression.search(RECORD) for name, expression in compiled}


def same_fields() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what both ways give, by the fields' names."""
    made = msgspec.to_builtins(_by_mapping()())
    made["kind"] = made.get("kind", "individual")  # a default is not written out
    by_mapping: dict[str, Any] = {}
    for name in EXPRESSIONS:
        value: Any = made
        for part in name.split("."):
            value = value[part]
        by_mapping[name] = list(value) if isinstance(value, tuple) else value
    return by_mapping, _by_jmespath()()


def _cpu_s(work: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - began


def measure(records: int = RECORDS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Take turns, so that what else the machine does costs both alike; the median round counts."""
    by_mapping, by_jmespath = _by_mapping(), _by_jmespath()
    mapped, searched, ratios = [], [], []
    for _ in range(rounds):
        expressions_s = _cpu_s(by_jmespath, records) / records
        mapping_s = _cpu_s(by_mapping, records * 5) / (records * 5)
        mapped.append(1 / mapping_s)
        searched.append(1 / expressions_s)
        ratios.append(expressions_s / mapping_s)
    ratio = round(statistics.median(ratios), 1)
    return report(
        {
            "ratio": ratio,
            "leaves": leaves(RECORD),
            "fields": len(EXPRESSIONS),
            "records_per_cpu_s_mapping": spread(mapped),
            "records_per_cpu_s_jmespath": spread(searched),
        },
        Target(
            what="records a CPU-second by a mapping, times those by JMESPath alone",
            value=ratio,
            rule="at least",
            limit=10,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return measure()
