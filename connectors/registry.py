"""From the configuration of a connector to the connector; a kind's library is loaded only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.base import Connector
from connectors.resilience.connector import ResilientConnector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import registered
from hub.config.mapping_files import find_mapping
from hub.config.problem import Problem
from hub.mapping.errors import MappingError
from hub.mapping.mapping import Mapping as RecordMapping
from hub.mapping.mapping import load_mapping

Mappings = Mapping[str, RecordMapping]
Factory = Callable[[str, Any, Mappings, str], Connector]


def _rest(name: str, config: Any, mappings: Mappings, region: str) -> Connector:
    from connectors.rest.connector import RestConnector

    return RestConnector(name, config, mappings, region=region)


def _odata(name: str, config: Any, mappings: Mappings, region: str) -> Connector:
    from connectors.odata.connector import ODataConnector

    return ODataConnector(name, config, mappings, region=region)


def _soap(name: str, config: Any, mappings: Mappings, region: str) -> Connector:
    from connectors.soap.connector import SoapConnector

    return SoapConnector(name, config, mappings, region=region)


def _sql(name: str, config: Any, mappings: Mappings, region: str) -> Connector:
    from connectors.sql.connector import SqlConnector

    return SqlConnector(name, config, mappings, region=region)


def _csv(name: str, config: Any, mappings: Mappings, region: str) -> Connector:
    from connectors.csv_file.connector import CsvConnector

    return CsvConnector(name, config, mappings, region=region)


BUILT_IN: dict[str, Factory] = {"rest": _rest, "odata": _odata, "soap": _soap, "sql": _sql, "csv": _csv}


def build_connector(
    name: str, config: ConnectorBase, *, region: str, mapping_folders: Sequence[str | Path] = ()
) -> ResilientConnector:
    """Make the connector that the configuration describes; nothing is connected yet.

    Raises MappingError if a mapping is missing, can't be read, or makes no customers.
    """
    return ResilientConnector(bare_connector(name, config, region=region, mapping_folders=mapping_folders), config)


def bare_connector(
    name: str, config: ConnectorBase, *, region: str, mapping_folders: Sequence[str | Path] = ()
) -> Connector:
    """Make the kind's own connector, for who tries a backend out: it asks once, and nothing bounds the time.

    Raises MappingError if a mapping is missing, can't be read, or makes no customers.
    """
    mappings = {
        operation: _customer_mapping(name, settings.mapping or config.mapping or "", mapping_folders)
        for operation, settings in config.lookups.items()
    }
    factory = BUILT_IN.get(config.kind) or registered()[config.kind].build
    return factory(name, config, mappings, region)


def _customer_mapping(connector: str, mapping: str, folders: Sequence[str | Path]) -> RecordMapping:
    file = find_mapping(mapping, folders)
    if file is None:
        raise MappingError(
            [Problem(f"{mapping}.yaml", 1, 1, f"connector {connector}: there is no mapping {mapping!r}")]
        )
    loaded = load_mapping(file)
    if loaded.target != "customer":
        message = f"connector {connector} needs a mapping with target: customer"
        raise MappingError([Problem(str(file), 1, 1, message)])
    return loaded
