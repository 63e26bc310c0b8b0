"""The `odata` kind keeps the contract of all connectors."""

from tests.conformance.http_behaviour import HttpBehaviour
from tests.conformance.servers.odata import ODataBackend, ODataV4Backend


class TestOData(HttpBehaviour):
    backend_type = ODataBackend


class TestODataV4(HttpBehaviour):
    backend_type = ODataV4Backend
