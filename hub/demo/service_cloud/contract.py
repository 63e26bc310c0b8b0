"""The WSDL of the simulated service: QueryCSV and Create in the namespaces of Connect Web Services for SOAP 1.2."""

MESSAGES = "urn:messages.ws.rightnow.com/v1_2"
FAULTS = "urn:faults.ws.rightnow.com/v1_2"
OBJECTS = "urn:objects.ws.rightnow.com/v1_2"
BASE = "urn:base.ws.rightnow.com/v1_2"
GENERIC = "urn:generic.ws.rightnow.com/v1_2"

_TEMPLATE = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="SimulatedServiceCloud" targetNamespace="urn:wsdl.ws.rightnow.com/v1_2"
    xmlns:tns="urn:wsdl.ws.rightnow.com/v1_2" xmlns:m="{messages}" xmlns:f="{faults}"
    xmlns:o="{objects}" xmlns:b="{base}" xmlns:g="{generic}"
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
    <xs:schema targetNamespace="{base}" elementFormDefault="qualified">
      <xs:complexType name="ID"><xs:attribute name="id" type="xs:long"/></xs:complexType>
      <xs:complexType name="NamedID"><xs:sequence>
        <xs:element name="ID" type="b:ID" minOccurs="0"/><xs:element name="Name" type="xs:string" minOccurs="0"/>
      </xs:sequence></xs:complexType>
      <xs:complexType name="RNObject"><xs:sequence>
        <xs:element name="ID" type="b:ID" minOccurs="0"/><xs:element name="LookupName" type="xs:string" minOccurs="0"/>
      </xs:sequence></xs:complexType>
    </xs:schema>
    <xs:schema targetNamespace="{generic}" elementFormDefault="qualified">
      <xs:import namespace="{base}"/>
      <xs:complexType name="GenericObject"><xs:complexContent><xs:extension base="b:RNObject"><xs:sequence>
        <xs:element name="ObjectType" type="g:RNObjectType" minOccurs="0"/>
        <xs:element name="GenericFields" type="g:GenericField" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:complexType name="RNObjectType">
        <xs:sequence><xs:element name="TypeName" type="xs:string"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="GenericField">
        <xs:sequence><xs:element name="DataValue" type="g:DataValue" nillable="true"/></xs:sequence>
        <xs:attribute name="dataType" type="xs:string"/><xs:attribute name="name" type="xs:string" use="required"/>
      </xs:complexType>
      <xs:complexType name="DataValue"><xs:choice>
        <xs:element name="ObjectValue" type="g:GenericObject"/><xs:element name="StringValue" type="xs:string"/>
      </xs:choice></xs:complexType>
    </xs:schema>
    <xs:schema targetNamespace="{objects}" elementFormDefault="qualified">
      <xs:import namespace="{base}"/><xs:import namespace="{generic}"/>
      <xs:complexType name="StatusWithType">
        <xs:sequence><xs:element name="Status" type="b:NamedID" minOccurs="0"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="Task"><xs:complexContent><xs:extension base="b:RNObject"><xs:sequence>
        <xs:element name="Comment" type="xs:string" minOccurs="0" nillable="true"/>
        <xs:element name="CompletedTime" type="xs:dateTime" minOccurs="0" nillable="true"/>
        <xs:element name="Contact" type="b:NamedID" minOccurs="0" nillable="true"/>
        <xs:element name="Name" type="xs:string" minOccurs="0"/>
        <xs:element name="StartTime" type="xs:dateTime" minOccurs="0" nillable="true"/>
        <xs:element name="StatusWithType" type="o:StatusWithType" minOccurs="0"/>
      </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:complexType name="IncidentContact">
        <xs:sequence><xs:element name="Contact" type="b:NamedID" minOccurs="0"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="Thread">
        <xs:sequence>
          <xs:element name="EntryType" type="b:NamedID" minOccurs="0"/>
          <xs:element name="Text" type="xs:string" minOccurs="0"/>
        </xs:sequence>
        <xs:attribute name="action" type="xs:string"/>
      </xs:complexType>
      <xs:complexType name="ThreadList"><xs:sequence>
        <xs:element name="ThreadList" type="o:Thread" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence></xs:complexType>
      <xs:complexType name="Incident"><xs:complexContent><xs:extension base="b:RNObject"><xs:sequence>
        <xs:element name="CustomFields" type="g:GenericObject" minOccurs="0"/>
        <xs:element name="PrimaryContact" type="o:IncidentContact" minOccurs="0"/>
        <xs:element name="Subject" type="xs:string" minOccurs="0" nillable="true"/>
        <xs:element name="Threads" type="o:ThreadList" minOccurs="0"/>
      </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
    </xs:schema>
    <xs:schema targetNamespace="{messages}" elementFormDefault="qualified">
      <xs:import namespace="{base}"/>
      <xs:element name="Create"><xs:complexType><xs:sequence>
        <xs:element name="RNObjects" type="b:RNObject" maxOccurs="unbounded"/>
        <xs:element name="ProcessingOptions" minOccurs="0"><xs:complexType><xs:sequence>
          <xs:element name="SuppressExternalEvents" type="xs:boolean"/>
          <xs:element name="SuppressRules" type="xs:boolean"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="CreateResponse"><xs:complexType><xs:sequence>
        <xs:element name="RNObjectsResult"><xs:complexType><xs:sequence>
          <xs:element name="RNObjects" type="b:RNObject" minOccurs="0" maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
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
  <wsdl:message name="CreateRequest"><wsdl:part name="parameters" element="m:Create"/></wsdl:message>
  <wsdl:message name="CreateResponse"><wsdl:part name="parameters" element="m:CreateResponse"/></wsdl:message>
  <wsdl:message name="RequestErrorFault"><wsdl:part name="fault" element="f:RequestErrorFault"/></wsdl:message>
  <wsdl:portType name="SyncPort">
    <wsdl:operation name="QueryCSV">
      <wsdl:input message="tns:QueryCSVRequest"/>
      <wsdl:output message="tns:QueryCSVResponse"/>
      <wsdl:fault name="RequestErrorFault" message="tns:RequestErrorFault"/>
    </wsdl:operation>
    <wsdl:operation name="Create">
      <wsdl:input message="tns:CreateRequest"/>
      <wsdl:output message="tns:CreateResponse"/>
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
    <wsdl:operation name="Create">
      <soap:operation soapAction="Create" style="document"/>
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
    return _TEMPLATE.format(
        address=address, messages=MESSAGES, faults=FAULTS, objects=OBJECTS, base=BASE, generic=GENERIC
    )
