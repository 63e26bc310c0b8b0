"""The `soap` kind keeps the contract of all connectors."""

from tests.conformance.behaviour import ConnectorBehaviour
from tests.conformance.servers.soap import Soap12Backend, SoapBackend


class TestSoap(ConnectorBehaviour):
    backend_type = SoapBackend


class TestSoap12(ConnectorBehaviour):
    backend_type = Soap12Backend
