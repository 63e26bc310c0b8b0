"""What a mapping reads of a SOAP service's messages is compared with the service's schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Ctihub

CONFIG = """\
hub: {region: DE}
pbx: {main: {host: pbx.example.com, username: hub, secret: "0123456789"}}
inbound:
  shop:
    mapping: own/order
    soap: {schema: shop.xsd, login: {username: shop, password: "0123456789"}}
"""
SCHEMA = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:shop" elementFormDefault="qualified">
  <xs:element name="OrderMessage"><xs:complexType><xs:sequence>
    <xs:element name="number" type="xs:string"/>
    <xs:element name="buyer"><xs:complexType><xs:attribute name="key" type="xs:string"/></xs:complexType></xs:element>
    MORE
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
MAPPING = "source: x\nversion: 1\ntarget: order\nfields: {order.id: number, customer.ids.shop: %s}\n"
ANY = '<xs:any processContents="lax"/>'


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("buyer.@key", "", ""),
        ("buyer.@kei", "", "the schema has no attribute '@kei'; did you mean '@key'?"),
        ("bayer.@key", "", "the schema has no element 'bayer'; did you mean 'buyer'?"),
        ("bayer", ANY, ""),
        ("bayer", '<xs:element name="untyped"/>', ""),
        ("[", "", "can't read the path"),
    ],
)
def test_what_the_schema_does_not_have_is_told(
    ctihub: Ctihub, tmp_path: Path, path: str, more: str, message: str
) -> None:
    """Where the feed names its mapping; a schema that allows anything has everything."""
    (tmp_path / "ctihub.yaml").write_text(CONFIG)
    (tmp_path / "shop.xsd").write_text(SCHEMA.replace("MORE", more))
    (tmp_path / "mappings/own").mkdir(parents=True)
    (tmp_path / "mappings/own/order.yaml").write_text(MAPPING % f'"{path}"')
    linted = ctihub("lint")
    assert (1 if message else 0, "") == (linted.returncode, linted.stderr), linted.stdout
    assert message in linted.stdout
    assert ("ctihub.yaml:5:14: mapping 'own/order' reads" in linted.stdout) == message.startswith("the schema")
