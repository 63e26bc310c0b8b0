"""What the logs must hide of a configuration."""

from __future__ import annotations

from hub.config.secrets import secrets_of
from tests.unit.config.conftest import MINIMAL, Load

CONNECTORS = """\
connectors:
  service_cloud:
    kind: soap
    preset: oracle_service_cloud
    wsdl: https://service.example/soap?wsdl
    auth: {type: wsse, username: hub, password: "s3cret-wsse"}
    headers: {X-Gateway-Key: s3cret-key}
"""


def test_the_sites_own_values_are_secrets_and_a_presets_are_not(load: Load) -> None:
    """A preset's header holds ctihub's own name; hidden as a secret it would be cut out of every call id."""
    assert {"s3cret-ami", "s3cret-wsse", "s3cret-key"} == secrets_of(load(MINIMAL + CONNECTORS))
