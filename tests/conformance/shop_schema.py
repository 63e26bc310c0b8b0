"""A shop's own schema, in several files as vendors deliver them, and the mapping of its messages."""

from __future__ import annotations

from pathlib import Path

TYPES = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:shop:types" elementFormDefault="qualified">
  <xs:complexType name="Buyer"><xs:sequence>
    <xs:element name="number" type="xs:string"/>
    <xs:element name="phone" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType>
</xs:schema>
"""
MAIN = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:shop:orders" xmlns:o="urn:shop:orders"
  xmlns:t="urn:shop:types" elementFormDefault="qualified">
  <xs:import namespace="urn:shop:types" schemaLocation="common/types.xsd"/>{include}
  <xs:element name="OrderMessage"><xs:complexType><xs:sequence>
    <xs:element name="no" type="xs:int"/>
    <xs:element name="state"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="open"/><xs:enumeration value="gone"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="buyer" type="t:Buyer"/>
    {item}
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Ping" type="xs:string"/>
</xs:schema>
"""
PARTS = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:shop:orders" elementFormDefault="qualified">
  <xs:complexType name="Item"><xs:sequence><xs:element name="text" type="xs:string"/></xs:sequence></xs:complexType>
</xs:schema>
"""
MAPPING = """\
source: the shop's OrderMessage
version: 1
target: order
fields:
  customer.ids.shop: buyer.number
  customer.phones: {from: buyer.phone, phone: true}
  order.id: "no"
  order.status: state
  order.description: item.text
"""


def write_schema(folder: Path, *, with_include: bool) -> Path:
    """Write the files; return the one to name."""
    schema = folder / "schema"
    (schema / "common").mkdir(parents=True)
    (schema / "common" / "types.xsd").write_text(TYPES)
    include, item = "", '<xs:element name="item" type="xs:string" minOccurs="0"/>'
    if with_include:
        (schema / "parts.xsd").write_text(PARTS)
        include = '\n  <xs:include schemaLocation="parts.xsd"/>'
        item = '<xs:element name="item" type="o:Item" minOccurs="0" maxOccurs="9"/>'
    main = schema / "orders.xsd"
    main.write_text(MAIN.format(include=include, item=item))
    return main
