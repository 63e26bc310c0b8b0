"""The `rest` kind keeps the contract of all connectors."""

from tests.conformance.http_behaviour import HttpBehaviour
from tests.conformance.servers.rest import KeepingRestBackend, RestBackend
from tests.conformance.writing import WritingBehaviour


class TestRest(HttpBehaviour, WritingBehaviour):
    backend_type = RestBackend


class TestRestThatKeepsIds(WritingBehaviour):
    """The backend refuses a second of the same id by itself."""

    backend_type = KeepingRestBackend
