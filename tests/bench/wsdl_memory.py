"""Load WSDLs in a process of its own and print, as JSON, how many MB each step added to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from hub.config.soap import SoapContract


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status tells no VmRSS")


def never(address: str) -> bytes:
    raise RuntimeError(f"{address} was fetched")


def main(wsdls: list[str]) -> None:
    """Print what loading the library and each WSDL added; every operation is made ready to be called."""
    before = resident_mb()
    from connectors.soap.addresses import ContractLoader, address_map
    from connectors.soap.contract import load_contract

    library = resident_mb() - before
    kept: list[Any] = []
    for wsdl in wsdls:
        svcmap = Path(wsdl).parent / "Reference.svcmap"
        config = SoapContract.model_validate(
            {"wsdl": wsdl, "url": "https://backend.example/", "svcmap": str(svcmap) if svcmap.is_file() else None}
        )
        contract = load_contract(config, ContractLoader(config.wsdl, address_map(config), never))
        kept += [contract, *(contract.call(name) for name in contract.operations)]
    print(json.dumps({"library_mb": round(library, 1), "added_mb": round(resident_mb() - before, 1)}))


if __name__ == "__main__":
    main(sys.argv[1:])
