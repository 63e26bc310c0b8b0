"""Small contracts of backends that nobody has, one of each kind and style."""

from __future__ import annotations

import json
from typing import Any

DOCUMENT_WSDL = """<?xml version="1.0"?>
<definitions name="Crm" targetNamespace="urn:crm" xmlns:tns="urn:crm" xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><xsd:schema targetNamespace="urn:crm" elementFormDefault="qualified">
 <xsd:complexType name="Phone"><xsd:sequence>
  <xsd:element name="Number" type="xsd:string"/><xsd:element name="Kind" type="xsd:string" minOccurs="0"/>
 </xsd:sequence></xsd:complexType>
 <xsd:complexType name="Customer"><xsd:sequence>
  <xsd:element name="CustomerNo" type="xsd:string"/>
  <xsd:element name="DisplayName" type="xsd:string" minOccurs="0"/>
  <xsd:element name="Phones" type="tns:Phone" minOccurs="0" maxOccurs="unbounded"/>
  <xsd:element name="Parent" type="tns:Customer" minOccurs="0"/>
 </xsd:sequence></xsd:complexType>
 <xsd:element name="FindCustomers"><xsd:complexType><xsd:sequence>
  <xsd:element name="Criteria"><xsd:complexType><xsd:sequence>
   <xsd:element name="PhoneNumber" type="xsd:string" minOccurs="0"/>
   <xsd:element name="MaxRows" type="xsd:int"/>
  </xsd:sequence></xsd:complexType></xsd:element>
 </xsd:sequence></xsd:complexType></xsd:element>
 <xsd:element name="FindCustomersResponse"><xsd:complexType><xsd:sequence>
  <xsd:element name="Result"><xsd:complexType><xsd:sequence>
   <xsd:element name="Customer" type="tns:Customer" minOccurs="0" maxOccurs="unbounded"/>
  </xsd:sequence></xsd:complexType></xsd:element>
 </xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema></types>
<message name="FindIn"><part name="parameters" element="tns:FindCustomers"/></message>
<message name="FindOut"><part name="parameters" element="tns:FindCustomersResponse"/></message>
<portType name="Crm"><operation name="FindCustomers">
 <input message="tns:FindIn"/><output message="tns:FindOut"/></operation></portType>
<binding name="Crm" type="tns:Crm"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
 <operation name="FindCustomers"><soap:operation soapAction="find"/>
  <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="Crm"><port name="Crm" binding="tns:Crm">
 <soap:address location="https://crm.example.com/soap"/></port></service>
</definitions>
"""

RPC_WSDL = """<?xml version="1.0"?>
<definitions name="Old" targetNamespace="urn:old" xmlns:tns="urn:old" xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
<types><xsd:schema targetNamespace="urn:old">
 <xsd:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/>
 <xsd:complexType name="Kunde"><xsd:all>
  <xsd:element name="id" type="xsd:string"/><xsd:element name="vorname" type="xsd:string"/>
  <xsd:element name="nachname" type="xsd:string"/><xsd:element name="telefon" type="xsd:string"/>
 </xsd:all></xsd:complexType>
</xsd:schema></types>
<message name="SucheIn"><part name="session" type="xsd:string"/><part name="telefon" type="xsd:string"/></message>
<message name="SucheOut"><part name="return" type="tns:Kunde"/></message>
<portType name="Old"><operation name="suche_kunde">
 <input message="tns:SucheIn"/><output message="tns:SucheOut"/></operation></portType>
<binding name="Old" type="tns:Old"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
 <operation name="suche_kunde"><soap:operation soapAction="urn:old#suche"/>
  <input><soap:body use="encoded" namespace="urn:old" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/></input>
  <output><soap:body use="encoded" namespace="urn:old" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/>
  </output></operation></binding>
<service name="Old"><port name="Old" binding="tns:Old">
 <soap:address location="http://old.example.com/soap.php"/></port></service>
</definitions>
"""

EDMX_V4 = """<?xml version="1.0"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Shop" Alias="S" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EnumType Name="Tier"><Member Name="Gold"/><Member Name="Silver"/></EnumType>
 <ComplexType Name="Place"><Property Name="City" Type="Edm.String"/>
  <Property Name="Country" Type="Edm.String"/></ComplexType>
 <EntityType Name="Customer"><Key><PropertyRef Name="CustomerID"/></Key>
  <Property Name="CustomerID" Type="Edm.Guid" Nullable="false"/><Property Name="CompanyName" Type="Edm.String"/>
  <Property Name="Telephone1" Type="Edm.String" MaxLength="30"/><Property Name="Tier" Type="S.Tier"/>
  <Property Name="Address" Type="Shop.Place"/>
  <NavigationProperty Name="Orders" Type="Collection(Shop.Order)"/></EntityType>
 <EntityType Name="Order"><Key><PropertyRef Name="OrderID"/></Key>
  <Property Name="OrderID" Type="Edm.Int64" Nullable="false"/><Property Name="Total" Type="Edm.Decimal"/></EntityType>
 <EntityContainer Name="All"><EntitySet Name="Customers" EntityType="Shop.Customer"/>
  <EntitySet Name="Orders" EntityType="Shop.Order"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>
"""

EDMX_V2 = """<?xml version="1.0"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>
<Schema Namespace="API_CRM" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
 <EntityType Name="ContactType"><Key><PropertyRef Name="Contact"/></Key>
  <Property Name="Contact" Type="Edm.String" Nullable="false" MaxLength="10"/>
  <Property Name="FullName" Type="Edm.String"/><Property Name="MobilePhone" Type="Edm.String"/>
  <NavigationProperty Name="to_Mail" Relationship="API_CRM.mails" FromRole="one" ToRole="many"/></EntityType>
 <EntityType Name="MailType"><Key><PropertyRef Name="Contact"/><PropertyRef Name="No"/></Key>
  <Property Name="Contact" Type="Edm.String" Nullable="false"/><Property Name="No" Type="Edm.Int32" Nullable="false"/>
  <Property Name="EmailAddress" Type="Edm.String"/></EntityType>
 <Association Name="mails"><End Type="API_CRM.ContactType" Multiplicity="1" Role="one"/>
  <End Type="API_CRM.MailType" Multiplicity="*" Role="many"/></Association>
 <EntityContainer Name="All"><EntitySet Name="Contacts" EntityType="API_CRM.ContactType"/>
  <EntitySet Name="Mails" EntityType="API_CRM.MailType"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>
"""

_CUSTOMER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "displayName": {"type": ["string", "null"]},
        "mobilePhone": {"type": "string"},
        "parent": {"$ref": "#/components/schemas/Customer"},
    },
}
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.example.com/api"}],
    "paths": {
        "/customers": {
            "get": {
                "summary": "Find customers",
                "parameters": [
                    {"name": "mobile_phone", "in": "query", "schema": {"type": "string"}},
                    {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "those that fit",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}}
                                    },
                                }
                            }
                        },
                    }
                },
            }
        },
        "/customers/{id}/orders": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "orders"}},
            }
        },
    },
    "components": {"schemas": {"Customer": _CUSTOMER}},
}
OPENAPI_JSON = json.dumps(OPENAPI)
OPENAPI_YAML = """\
openapi: 3.0.3
info: {title: Tickets, version: "1"}
paths:
  /people/search:
    post:
      requestBody:
        content: {application/json: {schema: {type: object, properties: {telefon: {type: string}}}}}
      responses:
        '200':
          description: found
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Person'}}
components:
  schemas:
    Base: {type: object, properties: {id: {type: string, format: uuid}, created: {type: string, format: date}}}
    Person:
      allOf:
        - $ref: '#/components/schemas/Base'
        - {type: object, properties: {first_name: {type: string}, last_name: {type: string}, telefon: {type: string}}}
"""
