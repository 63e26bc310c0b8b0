"""Addresses of services, entity sets and single entities (OData 2.0 URI conventions; OData 4.01 Part 2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from yarl import URL

from connectors.odata.query import system_options
from connectors.quoting import odata_literal
from connectors.resolve import Scope, resolve, value_of
from hub.config.connectors import ODataConnector
from hub.config.operations import ODataStep
from hub.config.request import Argument, Found


def service_address(config: ODataConnector, service: str) -> str:
    base = config.url.rstrip("/")
    return f"{base}/{service.strip('/')}" if service else base


def query_address(config: ODataConnector, step: ODataStep, query: str) -> URL:
    return URL(f"{service_address(config, step.service)}/{step.entity}?{query}", encoded=True)


def entity_address(config: ODataConnector, step: ODataStep, scope: Scope) -> URL:
    """Return the address of the one entity that the step's `key` names. Raises NothingToAskError, ConnectorError."""
    parts = key_parts(step.key, scope)
    literals = {
        name: quote(odata_literal(value, config.version, kind), safe="") for name, (value, kind) in parts.items()
    }
    inside = literals[""] if "" in literals else ",".join(f"{name}={literal}" for name, literal in literals.items())
    options = system_options(step, "", config.version, scope) if step.method == "GET" else {}
    query = "&".join(
        f"{quote(name, safe='$')}={quote(text, safe='')}" for name, text in {**config.params, **options}.items() if text
    )
    where = f"{service_address(config, step.service)}/{step.entity}({inside})"
    return URL(f"{where}?{query}" if query else where, encoded=True)


def key_parts(key: Argument, scope: Scope) -> dict[str, tuple[Any, str | None]]:
    """Return each part of a key as value and type, by name; a key that is just a value has the name ``."""
    named = key if isinstance(key, dict) else {"": key}
    return {name: _typed(part, scope) for name, part in named.items()}


def _typed(part: Argument, scope: Scope) -> tuple[Any, str | None]:
    if isinstance(part, Found):
        return value_of(part, scope), "guid" if part.uuid else part.type
    return resolve(part, scope), None
