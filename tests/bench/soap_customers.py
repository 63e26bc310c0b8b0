"""A SOAP service of customers for the benches: a WSDL as vendors write them, and a reply of some seventy values."""

from __future__ import annotations

import asyncio
import sys

NAMESPACE = "http://example.com/crm/customers"
TYPES = "http://example.com/crm/types"
NUMBER = "+493515550123"
CUSTOMER = "0000104711"
_PERSON = ("FormOfAddressCode", "AcademicTitleCode", "GivenName", "MiddleName", "FamilyName", "BirthName", "GenderCode")
_POSTAL = (
    *("CountryCode", "RegionCode", "CountyName", "CityName", "DistrictName", "StreetPostalCode", "StreetName"),
    *("HouseID", "CareOfName", "POBoxID", "TaxJurisdictionCode", "TimeZoneCode"),
)
_PLAIN = (
    *("ChangeStateID", "UUID", "InternalID", "CategoryCode", "LifeCycleStatusCode", "LanguageCode", "DunsID"),
    *("ContactAllowedCode", "ABCClassificationCode", "NielsenRegionCode", "IndustrialSectorCode"),
)
_SELECTION = ("InclusionExclusionCode", "IntervalBoundaryTypeCode", "LowerBoundary", "UpperBoundary")
_ORDER = ("ID", "Name", "StatusCode", "CurrencyCode")


def _elements(names: tuple[str, ...], kind: str = "x:string") -> str:
    return "".join(f'<x:element name="{name}" type="{kind}" minOccurs="0"/>' for name in names)


def _type(name: str, content: str) -> str:
    return f'<x:complexType name="{name}"><x:sequence>{content}</x:sequence></x:complexType>'


_MANY = 'minOccurs="0" maxOccurs="unbounded"'
WSDL = f"""<?xml version="1.0" encoding="utf-8"?>
<w:definitions targetNamespace="{NAMESPACE}" xmlns:t="{NAMESPACE}" xmlns:y="{TYPES}"
    xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"><w:types>
  <x:schema targetNamespace="{TYPES}" elementFormDefault="qualified">
    {_type("Selection", _elements(_SELECTION))}
    {_type("Person", _elements(_PERSON) + '<x:element name="BirthDate" type="x:date" minOccurs="0"/>')}
    {_type("Telephone", _elements(("Number", "UsageCode")) + _elements(("Mobile",), "x:boolean"))}
    {_type("Postal", _elements(_POSTAL))}
    {
    _type(
        "Address",
        '<x:element name="EmailURI" type="x:string" minOccurs="0"/>'
        '<x:element name="Postal" type="y:Postal" minOccurs="0"/>'
        f'<x:element name="Telephone" type="y:Telephone" {_MANY}/>',
    )
}
    {
    _type(
        "Order",
        _elements(_ORDER)
        + _elements(("Total",), "x:decimal")
        + _elements(("OrderedOn",), "x:date")
        + _elements(("Created",), "x:dateTime"),
    )
}
    {
    _type(
        "Customer",
        _elements(_PLAIN)
        + _elements(("Prospect", "Active"), "x:boolean")
        + '<x:element name="Person" type="y:Person" minOccurs="0"/>'
        + f'<x:element name="Address" type="y:Address" {_MANY}/><x:element name="Order" type="y:Order" {_MANY}/>',
    )
}
    {_type("Conditions", _elements(("HitsMaximum",), "x:int") + _elements(("Unlimited",), "x:boolean"))}
  </x:schema>
  <x:schema targetNamespace="{NAMESPACE}" elementFormDefault="qualified"><x:import namespace="{TYPES}"/>
    <x:element name="FindByPhone"><x:complexType><x:sequence>
      <x:element name="Telephone" type="y:Selection" {_MANY}/>
      <x:element name="Conditions" type="y:Conditions" minOccurs="0"/></x:sequence></x:complexType></x:element>
    <x:element name="FindByPhoneResponse"><x:complexType><x:sequence>
      <x:element name="Customer" type="y:Customer" {_MANY}/></x:sequence></x:complexType></x:element>
  </x:schema></w:types>
  <w:message name="In"><w:part name="parameters" element="t:FindByPhone"/></w:message>
  <w:message name="Out"><w:part name="parameters" element="t:FindByPhoneResponse"/></w:message>
  <w:portType name="Customers"><w:operation name="FindByPhone"><w:input message="t:In"/><w:output message="t:Out"/>
    </w:operation></w:portType>
  <w:binding name="Customers" type="t:Customers"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="FindByPhone"><s:operation soapAction="{NAMESPACE}/FindByPhone" style="document"/>
      <w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
  <w:service name="Customers"><w:port name="Customers" binding="t:Customers">
    <s:address location="%s"/></w:port></w:service>
</w:definitions>"""


def _filled(names: tuple[str, ...]) -> str:
    return "".join(f"<y:{name}>{name} 42</y:{name}>" for name in names)


def reply() -> bytes:
    """Return an envelope with one customer."""
    phones = "".join(
        f"<y:Telephone><y:Number>{number}</y:Number><y:UsageCode>1</y:UsageCode><y:Mobile>true</y:Mobile></y:Telephone>"
        for number in (NUMBER, "+491715550123", "+493515550199")
    )
    orders = "".join(
        f"<y:Order><y:ID>A{number}</y:ID>{_filled(_ORDER[1:])}<y:Total>12.10</y:Total><y:OrderedOn>2026-11-20"
        "</y:OrderedOn><y:Created>2026-11-20T08:15:00Z</y:Created></y:Order>"
        for number in range(2)
    )
    plain = _filled(_PLAIN).replace("InternalID 42", CUSTOMER)
    customer = (
        f"{plain}<y:Prospect>false</y:Prospect><y:Active>true</y:Active><y:Person>{_filled(_PERSON)}"
        "<y:BirthDate>1970-01-01</y:BirthDate></y:Person>"
        f"<y:Address><y:EmailURI>petra@example.com</y:EmailURI><y:Postal>{_filled(_POSTAL)}</y:Postal>{phones}</y:Address>"
        f"{orders}"
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<t:FindByPhoneResponse xmlns:t="{NAMESPACE}" xmlns:y="{TYPES}"><t:Customer>{customer}</t:Customer>'
        "</t:FindByPhoneResponse></e:Body></e:Envelope>"
    ).encode()


async def serve() -> None:
    """Answer every POST on a port that is written to the standard output, until the input ends."""
    body = reply()
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
    ) + body

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                await reader.readexactly(length)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
