"""The `rest` kind keeps the contract of all connectors."""

from tests.conformance.http_behaviour import HttpBehaviour
from tests.conformance.servers.rest import RestBackend


class TestRest(HttpBehaviour):
    backend_type = RestBackend
