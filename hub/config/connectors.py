"""Connectors in the configuration: one model per kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hub.config.section import Section


class ConnectorBase(Section):
    """What every backend has. `mapping` is a file under `mappings`, without .yaml."""

    title: str = ""
    mapping: str
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0


class RestConnector(ConnectorBase):
    kind: Literal["rest"]
    url: str


class SoapConnector(ConnectorBase):
    kind: Literal["soap"]
    wsdl: str


class ODataConnector(ConnectorBase):
    kind: Literal["odata"]
    url: str


ConnectorConfig = Annotated[RestConnector | SoapConnector | ODataConnector, Field(discriminator="kind")]
