"""The WSDL's names."""

import re

import pytest
from lxml import etree

from hub.bus.soap.wsdl import write_wsdl


@pytest.mark.parametrize("feed", ["erp", "web-shop", "3com", "a_b.c", "-"])
def test_names_are_such_as_xml_has(feed: str) -> None:
    """Whatever a feed is called, tools that make classes of the names can (NCName)."""
    body = write_wsdl(feed, ["{urn:a}Order", "Ping"], [], address="http://hub/x?a=1&b=<")
    tree = etree.fromstring(body)
    names = [str(one.get("name")) for one in tree.iter() if one.get("name")]
    assert [] == [name for name in names if not re.fullmatch("[A-Za-z][A-Za-z0-9]*", name)]
    assert {"http://hub/x?a=1&b=<"} == {one.get("location") for one in tree.iter() if one.get("location")}
    elements = [str(part.get("element")) for part in tree.iter("{*}part")]
    assert None not in tree.nsmap, "what has no prefix has no namespace"
    assert ["Ping", "Order"] == [name.rpartition(":")[2] for name in (elements[2], elements[0])]
    assert {"urn:a", "urn:ctihub:push:1"} == {tree.nsmap[name.partition(":")[0]] for name in elements if ":" in name}
