"""Reads a contract of any kind, and what it offers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from connectors.shapes import ContractError
from hub.cli.contract_use import contract_file
from hub.cli.new_contract import read_source
from hub.cli.new_files import Draft

_NOWHERE = "https://backend.example.com/"


def draft_of(arguments: argparse.Namespace) -> Draft:
    """Read the contract that the command line names. Raises ContractError."""
    if arguments.wsdl:
        return _soap(arguments)
    return _odata(arguments) if arguments.edmx else _rest(arguments)


def _soap(arguments: argparse.Namespace) -> Draft:
    from pydantic import ValidationError

    from connectors.soap.describe import Described, address_in, contract_in
    from hub.cli.contract_online import read_for
    from hub.cli.new_candidates import soap_candidates

    is_remote = "://" in arguments.wsdl
    if not is_remote:
        contract_file(arguments.wsdl)
    try:
        contract = contract_in(
            arguments.wsdl,
            svcmap=str(arguments.svcmap) if arguments.svcmap else None,
            fetch=read_for(arguments.name) if is_remote else None,
        )
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        raise ContractError(f"--{'.'.join(map(str, finding['loc']))}: {finding['msg']}") from None
    section: dict[str, Any] = {"kind": "soap", "wsdl": arguments.wsdl if is_remote else _absolute(arguments.wsdl)}
    if arguments.svcmap:
        section["svcmap"] = _absolute(arguments.svcmap)
    address = arguments.url or address_in(contract)
    section["url"] = address if address.startswith(("http://", "https://")) else _NOWHERE
    notes = {"url": "as the WSDL says" if address and not arguments.url else "where the service is"}
    return Draft(section, tuple(soap_candidates(Described(contract))), notes)


def _odata(arguments: argparse.Namespace) -> Draft:
    from connectors.odata.metadata import read_metadata
    from hub.cli.new_odata import odata_candidates

    source = read_source(arguments.edmx, arguments.output / f"{arguments.name}.edmx")
    metadata = read_metadata(source.content)
    section = {
        "kind": "odata",
        "url": arguments.url or source.service() or _NOWHERE,
        "version": metadata.version,
        "metadata": source.named,
    }
    notes = {"url": "the address of the service itself, without $metadata"}
    return Draft(section, tuple(odata_candidates(metadata)), notes, source.to_write)


def _rest(arguments: argparse.Namespace) -> Draft:
    from connectors.rest.openapi import read_openapi
    from hub.cli.new_candidates import rest_candidates

    source = read_source(arguments.openapi, arguments.output / f"{arguments.name}.openapi")
    service = read_openapi(source.content)
    address = source.service(service.address)
    section = {
        "kind": "rest",
        "url": arguments.url or address or _NOWHERE,
        "openapi": source.named,
    }
    notes = {"url": "as the document says" if address and not arguments.url else "where the service is"}
    return Draft(section, tuple(rest_candidates(service)), notes, source.to_write)


def _absolute(file: str | Path) -> str:
    return str(Path(file).resolve())
