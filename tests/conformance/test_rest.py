"""The `rest` kind keeps the contract of all connectors."""

from tests.conformance.behaviour import ConnectorBehaviour
from tests.conformance.servers.rest import RestBackend


class TestRest(ConnectorBehaviour):
    backend_type = RestBackend
