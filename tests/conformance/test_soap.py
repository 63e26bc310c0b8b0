"""The `soap` kind keeps the contract of all connectors."""

from tests.conformance.http_behaviour import HttpBehaviour
from tests.conformance.servers.soap import Soap12Backend, SoapBackend


class TestSoap(HttpBehaviour):
    backend_type = SoapBackend


class TestSoap12(HttpBehaviour):
    backend_type = Soap12Backend
