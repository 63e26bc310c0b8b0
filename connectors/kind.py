"""What makes a kind of connector, for packages that bring one of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from connectors.base import Connector
from hub.config.connector_base import ConnectorBase
from hub.mapping.mapping import Mapping as RecordMapping


@dataclasses.dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A kind of connector: its part of the configuration, and how one is made of it.

    Another package registers one as entry point of the group `ctihub.connectors`; the entry point's name is the `kind`
    in the configuration, and its model says `kind: Literal["that name"]`. `build` takes the connector's name, its
    configuration, the mapping of each of its `lookups`, and the site's region; nothing is connected yet.
    """

    config: type[ConnectorBase]
    build: Callable[[str, Any, Mapping[str, RecordMapping], str], Connector]
