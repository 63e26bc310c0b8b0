"""What loading every WSDL at hand adds to the hub's memory: the vendors' own where they are, and ours."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.result import Target, report
from tests.bench.soap_customers import WSDL as CUSTOMERS
from tests.conformance.systems.servers.oracle_siebel import WSDL as SIEBEL
from tests.conformance.test_contracts import CONTRACTS

LIMIT_MB = 150.0


def measure(folder: Path) -> dict[str, Any]:
    """Load the WSDLs in one process, as one hub with all these backends does."""
    ours = {"customers.wsdl": CUSTOMERS % "http://127.0.0.1/", "siebel.wsdl": SIEBEL}
    for name, text in ours.items():
        (folder / name).write_text(text, "utf-8")
    vendors = sorted(str(file) for file in CONTRACTS.glob("*/*.wsdl") if "Exception" not in file.name)
    wsdls = [*(str(folder / name) for name in ours), *vendors]
    done = subprocess.run(  # our own module, no shell
        [sys.executable, "-m", "tests.bench.wsdl_memory", *wsdls], check=True, capture_output=True, text=True
    )
    added = json.loads(done.stdout)
    return report(
        {
            **added,
            "wsdls": len(wsdls),
            "of_vendors": len(vendors),
            "bytes": sum(Path(one).stat().st_size for one in wsdls),
        },
        Target(what="MB that loading all WSDLs adds", value=added["added_mb"], rule="under", limit=LIMIT_MB),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder))
