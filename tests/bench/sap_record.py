"""A customer as SAP's QueryCustomerIn answers, and the 20 fields that are wanted of it, asked for in two languages."""

from __future__ import annotations

from typing import Any

MAPPING = """\
source: SAP, QueryCustomerIn FindByCommunicationData
version: 1
target: customer
fields:
  id: InternalID
  kind: {from: CategoryCode, table: {"1": individual, "2": org}}
  name.full: {from: [Person.NickName, Organisation.FirstLineName, Person.FamilyName]}
  name.given: Person.GivenName
  name.surname: Person.FamilyName
  title: Person.AcademicTitleCode
  organization: Organisation.FirstLineName
  language: Person.NonVerbalCommunicationLanguageCode
  tier: ABCClassificationCode
  phones:
    each: AddressInformation[0].Address.Telephone
    where: {MobilePhoneNumberIndicator: false}
    fields: {number: FormattedNumberDescription}
  emails: {fields: {address: "AddressInformation[0].Address.EmailURI"}}
  url: AddressInformation[0].Address.WebURI
  ids.sap_uuid: UUID
  extra.street:
    join:
      - AddressInformation[0].Address.PostalAddress.StreetName
      - AddressInformation[0].Address.PostalAddress.HouseID
  extra.postcode: AddressInformation[0].Address.PostalAddress.StreetPostalCode
  extra.city: AddressInformation[0].Address.PostalAddress.CityName
  extra.country: AddressInformation[0].Address.PostalAddress.CountryCode
  extra.contact: AddressInformation[0].Address.FormattedAddress.FormattedPostalAddress.FirstLineDescription
  extra.created: SystemAdministrativeData.CreationDateTime
  extra.valid: AddressInformation[0].AddressInformationValidityPeriod.EndDate
"""

_ADDRESS = "AddressInformation[0].Address"
EXPRESSIONS = {
    "id": "InternalID",
    "kind": "CategoryCode == '1' && 'individual' || 'org'",
    "name.full": "Person.NickName || Organisation.FirstLineName || Person.FamilyName",
    "name.given": "Person.GivenName",
    "name.surname": "Person.FamilyName",
    "title": "Person.AcademicTitleCode",
    "organization": "Organisation.FirstLineName",
    "language": "Person.NonVerbalCommunicationLanguageCode",
    "tier": "ABCClassificationCode",
    "phones": f"{_ADDRESS}.Telephone[?!MobilePhoneNumberIndicator].{{number: FormattedNumberDescription}}",
    "emails": f"[{{address: {_ADDRESS}.EmailURI}}]",
    "url": f"{_ADDRESS}.WebURI",
    "ids.sap_uuid": "UUID",
    "extra.street": f"join(' ', [{_ADDRESS}.PostalAddress.StreetName, {_ADDRESS}.PostalAddress.HouseID])",
    "extra.postcode": f"{_ADDRESS}.PostalAddress.StreetPostalCode",
    "extra.city": f"{_ADDRESS}.PostalAddress.CityName",
    "extra.country": f"{_ADDRESS}.PostalAddress.CountryCode",
    "extra.contact": f"{_ADDRESS}.FormattedAddress.FormattedPostalAddress.FirstLineDescription",
    "extra.created": "SystemAdministrativeData.CreationDateTime",
    "extra.valid": "AddressInformation[0].AddressInformationValidityPeriod.EndDate",
}
"""The same fields by name, in JMESPath."""

RECORD: dict[str, Any] = {
    "ChangeStateID": " 20251120144002.1234560",
    "UUID": "fa163e3d-0d5a-1eda-9ea2-0d9b8f3c1a11",
    "InternalID": "0017100001",
    "SystemAdministrativeData": {
        "CreationDateTime": "2018-05-01T09:12:11Z",
        "CreationIdentityUUID": "fa163e3d-0d5a-1eda-9ea2-0d9b8f3c0001",
        "LastChangeDateTime": "2025-11-20T14:40:02Z",
        "LastChangeIdentityUUID": "fa163e3d-0d5a-1eda-9ea2-0d9b8f3c0002",
    },
    "CategoryCode": "1",
    "ProspectIndicator": False,
    "CustomerIndicator": True,
    "LifeCycleStatusCode": "2",
    "Person": {
        "FormOfAddressCode": "0001",
        "AcademicTitleCode": "0001",
        "GivenName": "Petra",
        "MiddleName": None,
        "FamilyName": "Vogt",
        "BirthName": None,
        "NickName": None,
        "NameFormatCountryCode": "DE",
        "GenderCode": "2",
        "BirthDate": "1971-03-14",
        "NonVerbalCommunicationLanguageCode": "DE",
        "OccupationCode": None,
    },
    "Organisation": {"CompanyLegalFormCode": None, "FirstLineName": "Vogt Maschinenbau", "SecondLineName": None},
    "VerbalCommunicationLanguageCode": "DE",
    "ContactAllowedCode": "1",
    "LegalCompetenceIndicator": True,
    "ABCClassificationCode": "A",
    "NielsenRegionCode": "7",
    "IndustrialSectorCode": "27",
    "AddressInformation": [
        {
            "UUID": "fa163e3d-0d5a-1eda-9ea2-0d9b8f3c2b22",
            "CurrentAddressSnapshotUUID": "fa163e3d-0d5a-1eda-9ea2-0d9b8f3c2b23",
            "AddressUsage": [
                {
                    "AddressUsageCode": "XXDEFAULT",
                    "DefaultIndicator": True,
                    "AddressUsageValidityPeriod": {"StartDate": "2018-05-01", "EndDate": "9999-12-31"},
                }
            ],
            "Address": {
                "CorrespondenceLanguageCode": "DE",
                "PreferredCommunicationMediumTypeCode": "TEL",
                "EmailURI": "petra.vogt@example.com",
                "FacsimileFormattedNumberDescription": "+49 351 5550199",
                "PostalAddress": {
                    "CountryCode": "DE",
                    "RegionCode": "SN",
                    "CountyName": None,
                    "CityName": "Dresden",
                    "AdditionalCityName": None,
                    "DistrictName": "Altstadt",
                    "StreetPostalCode": "01067",
                    "POBoxPostalCode": None,
                    "StreetPrefixName": None,
                    "StreetName": "Königstraße",
                    "HouseID": "12",
                    "CareOfName": None,
                    "POBoxIndicator": False,
                    "TaxJurisdictionCode": None,
                    "TimeZoneCode": "CET",
                },
                "Telephone": [
                    {"FormattedNumberDescription": "+49 351 5550123", "MobilePhoneNumberIndicator": False},
                    {"FormattedNumberDescription": "+49 171 5550123", "MobilePhoneNumberIndicator": True},
                ],
                "WebURI": "https://vogt.example.com",
                "FormattedAddress": {
                    "FormattedAddressDescription": "Frau Dr. Petra Vogt / 01067 Dresden",
                    "FormattedPostalAddress": {
                        "FirstLineDescription": "Frau Dr. Petra Vogt",
                        "SecondLineDescription": "Königstraße 12",
                        "ThirdLineDescription": "01067 Dresden",
                        "FourthLineDescription": None,
                    },
                },
            },
            "AddressInformationValidityPeriod": {"StartDate": "2018-05-01", "EndDate": "9999-12-31"},
        }
    ],
}
"""69 leaves: a person with one address and two telephones, as the WSDL orders them."""
