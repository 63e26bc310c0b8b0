"""The WSDL of the simulated service: operation QueryCSV in the namespaces of Connect Web Services for SOAP 1.2."""

MESSAGES = "urn:messages.ws.rightnow.com/v1_2"
FAULTS = "urn:faults.ws.rightnow.com/v1_2"

_TEMPLATE = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="SimulatedServiceCloud" targetNamespace="urn:wsdl.ws.rightnow.com/v1_2"
    xmlns:tns="urn:wsdl.ws.rightnow.com/v1_2" xmlns:m="{messages}" xmlns:f="{faults}"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
  <wsdl:types>
    <xs:schema targetNamespace="{faults}" elementFormDefault="qualified">
      <xs:complexType name="Fault">
        <xs:sequence>
          <xs:element name="exceptionCode" type="xs:string"/>
          <xs:element name="exceptionMessage" type="xs:string"/>
        </xs:sequence>
      </xs:complexType>
      <xs:element name="RequestErrorFault" type="f:Fault"/>
    </xs:schema>
    <xs:schema targetNamespace="{messages}" elementFormDefault="qualified">
      <xs:element name="ClientInfoHeader">
        <xs:complexType><xs:sequence><xs:element name="AppID" type="xs:string"/></xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="QueryCSV">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="Query" type="xs:string"/>
            <xs:element name="PageSize" type="xs:int" minOccurs="0"/>
            <xs:element name="Delimiter" type="xs:string" minOccurs="0"/>
            <xs:element name="ReturnRawResult" type="xs:boolean" minOccurs="0"/>
            <xs:element name="DisableMTOM" type="xs:boolean" minOccurs="0"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
      <xs:complexType name="Rows">
        <xs:sequence><xs:element name="Row" type="xs:string" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="Table">
        <xs:sequence>
          <xs:element name="Name" type="xs:string" minOccurs="0"/>
          <xs:element name="Columns" type="xs:string" minOccurs="0"/>
          <xs:element name="Rows" type="m:Rows" minOccurs="0"/>
        </xs:sequence>
      </xs:complexType>
      <xs:complexType name="Tables">
        <xs:sequence><xs:element name="CSVTable" type="m:Table" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="TableSet">
        <xs:sequence><xs:element name="CSVTables" type="m:Tables" minOccurs="0"/></xs:sequence>
      </xs:complexType>
      <xs:element name="QueryCSVResponse">
        <xs:complexType>
          <xs:sequence><xs:element name="CSVTableSet" type="m:TableSet" minOccurs="0"/></xs:sequence>
        </xs:complexType>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="ClientInfoHeader"><wsdl:part name="request_header" element="m:ClientInfoHeader"/></wsdl:message>
  <wsdl:message name="QueryCSVRequest"><wsdl:part name="parameters" element="m:QueryCSV"/></wsdl:message>
  <wsdl:message name="QueryCSVResponse"><wsdl:part name="parameters" element="m:QueryCSVResponse"/></wsdl:message>
  <wsdl:message name="RequestErrorFault"><wsdl:part name="fault" element="f:RequestErrorFault"/></wsdl:message>
  <wsdl:portType name="SyncPort">
    <wsdl:operation name="QueryCSV">
      <wsdl:input message="tns:QueryCSVRequest"/>
      <wsdl:output message="tns:QueryCSVResponse"/>
      <wsdl:fault name="RequestErrorFault" message="tns:RequestErrorFault"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="SyncBinding" type="tns:SyncPort">
    <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="QueryCSV">
      <soap:operation soapAction="QueryCSV" style="document"/>
      <wsdl:input>
        <soap:body use="literal" parts="parameters"/>
        <soap:header message="tns:ClientInfoHeader" part="request_header" use="literal"/>
      </wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="RequestErrorFault"><soap:fault name="RequestErrorFault" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="RightNowSyncService">
    <wsdl:port name="RightNowSyncPort" binding="tns:SyncBinding"><soap:address location="{address}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""


def wsdl(address: str) -> str:
    """Return the WSDL of a service that answers at `address`."""
    return _TEMPLATE.format(address=address, messages=MESSAGES, faults=FAULTS)
