"""The `soap` kind keeps the contract of all connectors, in both versions of SOAP."""

from tests.conformance.http_behaviour import HttpBehaviour
from tests.conformance.servers.soap import Soap12Backend, SoapBackend
from tests.conformance.writing import WritingBehaviour


class TestSoap(HttpBehaviour, WritingBehaviour):
    backend_type = SoapBackend


class TestSoap12(HttpBehaviour, WritingBehaviour):
    backend_type = Soap12Backend
