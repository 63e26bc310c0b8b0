"""The `odata` kind keeps the contract of all connectors."""

from tests.conformance.behaviour import ConnectorBehaviour
from tests.conformance.servers.odata import ODataBackend, ODataV4Backend


class TestOData(ConnectorBehaviour):
    backend_type = ODataBackend


class TestODataV4(ConnectorBehaviour):
    backend_type = ODataV4Backend
