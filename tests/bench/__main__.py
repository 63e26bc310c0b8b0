"""`python -m tests.bench [--real-time] [NAME...]`: run the named benches, or all, and print one JSON document.

With `--real-time` (needs the right to, as root has it) all processes of a bench go before what else the machine does:
the times of the pop are then the hub's own, also where the machine is busy with other things.

Exit status: 0 when every bench ran (whether a target was met stands in the document), 2 when one could not, or has
an unknown name.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any

_PREFIX = "bench_"


def names() -> list[str]:
    """Return the benches that there are, by file."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in Path(__file__).parent.glob(f"{_PREFIX}*.py"))


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average_1_min": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def main(asked: list[str]) -> int:
    """Run the benches one after the other; return the exit status."""
    real_time = "--real-time" in asked
    asked = [name for name in asked if name != "--real-time"]
    unknown = [name for name in asked if name not in names()]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    if real_time:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    document: dict[str, Any] = {"machine": machine(), "benches": {}}
    for name in asked or names():
        print(f"bench {name} ...", file=sys.stderr, flush=True)
        document["benches"][name] = _run(name)
    document["met"] = all(result["met"] for result in document["benches"].values())
    print(json.dumps(document, indent=2))
    return 2 if any("error" in result for result in document["benches"].values()) else 0


def _run(name: str) -> dict[str, Any]:
    """Run one bench; one that breaks says so in its place, and the others are measured all the same."""
    began = time.monotonic()
    try:
        result: dict[str, Any] = importlib.import_module(f"tests.bench.{_PREFIX}{name}").main()
    except Exception as error:  # noqa: BLE001 - whatever broke is told in the document
        traceback.print_exc()
        result = {"met": False, "error": f"{type(error).__name__}: {error}"}
    return {**result, "took_s": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
