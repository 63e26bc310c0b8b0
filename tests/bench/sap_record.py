"""A customer as SAP's QueryCustomerIn answers, and the 20 fields that are wanted of it, asked for in two languages."""

from __future__ import annotations

from typing import Any

MAPPING = """\
source: SAP, QueryCustomerIn FindByCommunicationData
version: 1
target: customer
fields:
  id: InternalID
  kind: {from: CategoryCode, table: {"1": individual, "2": org}, default: individual}
  name.full: {from: [Organisation.FirstLineName, Person.NickName, Person.FamilyName]}
  name.given: Person.GivenName
  name.surname: Person.FamilyName
  title: {from: Person.FormOfAddressCode, table: {"0001": Ms, "0002": Mr, "0003": Company, "0004": Mr and Mrs}}
  language: {from: [Person.NonVerbalCommunicationLanguageCode, VerbalCommunicationLanguageCode]}
  tier: {from: ABCClassificationCode, table: {A: Gold, B: Silver, C: Bronze}, default: Standard}
  phones:
    each: AddressInformation[0].Address.Telephone
    where: {MobilePhoneNumberIndicator: false}
    fields: {number: FormattedNumberDescription}
  emails: {fields: {address: "AddressInformation[0].Address.EmailURI"}}
  url: AddressInformation[0].Address.WebURI
  ids.sap_uuid: UUID
  extra.medium:
    from: AddressInformation[0].Address.PreferredCommunicationMediumTypeCode
    table: {INT: e-mail, LET: letter, FAX: fax, TEL: phone}
  extra.street:
    join:
      - AddressInformation[0].Address.PostalAddress.StreetName
      - AddressInformation[0].Address.PostalAddress.HouseID
  extra.postcode:
    from:
      - AddressInformation[0].Address.PostalAddress.StreetPostalCode
      - AddressInformation[0].Address.PostalAddress.POBoxPostalCode
  extra.city:
    from:
      - AddressInformation[0].Address.PostalAddress.CityName
      - AddressInformation[0].Address.PostalAddress.DistrictName
  extra.country:
    from: AddressInformation[0].Address.PostalAddress.CountryCode
    table: {AT: Austria, CH: Switzerland, DE: Germany}
  extra.letter: AddressInformation[0].Address.FormattedAddress.FormattedPostalAddress.FirstLineDescription
  extra.created: SystemAdministrativeData.CreationDateTime
  extra.valid: AddressInformation[0].AddressInformationValidityPeriod.EndDate
"""
"""As a site writes it: codes become words, what may stand in several places is taken from the first that has it."""

_ADDRESS = "AddressInformation[0].Address"
_POSTAL = f"{_ADDRESS}.PostalAddress"


def _coded(path: str, table: dict[str, str], otherwise: str) -> str:
    """Write a code table in JMESPath, which has none: the expression looks at each code in turn."""
    return " || ".join([*(f"{path} == '{code}' && '{word}'" for code, word in table.items()), otherwise])


_TITLE, _MEDIUM = "Person.FormOfAddressCode", f"{_ADDRESS}.PreferredCommunicationMediumTypeCode"
_COUNTRY = f"{_POSTAL}.CountryCode"
EXPRESSIONS = {
    "id": "InternalID",
    "kind": _coded("CategoryCode", {"1": "individual", "2": "org"}, "'individual'"),
    "name.full": "Organisation.FirstLineName || Person.NickName || Person.FamilyName",
    "name.given": "Person.GivenName",
    "name.surname": "Person.FamilyName",
    "title": _coded(_TITLE, {"0001": "Ms", "0002": "Mr", "0003": "Company", "0004": "Mr and Mrs"}, _TITLE),
    "language": "Person.NonVerbalCommunicationLanguageCode || VerbalCommunicationLanguageCode",
    "tier": _coded("ABCClassificationCode", {"A": "Gold", "B": "Silver", "C": "Bronze"}, "'Standard'"),
    "phones": f"{_ADDRESS}.Telephone[?!MobilePhoneNumberIndicator].{{number: FormattedNumberDescription}}",
    "emails": f"[{{address: {_ADDRESS}.EmailURI}}]",
    "url": f"{_ADDRESS}.WebURI",
    "ids.sap_uuid": "UUID",
    "extra.medium": _coded(_MEDIUM, {"INT": "e-mail", "LET": "letter", "FAX": "fax", "TEL": "phone"}, _MEDIUM),
    "extra.street": f"join(' ', [{_POSTAL}.StreetName, {_POSTAL}.HouseID])",
    "extra.postcode": f"{_POSTAL}.StreetPostalCode || {_POSTAL}.POBoxPostalCode",
    "extra.city": f"{_POSTAL}.CityName || {_POSTAL}.DistrictName",
    "extra.country": _coded(_COUNTRY, {"AT": "Austria", "CH": "Switzerland", "DE": "Germany"}, _COUNTRY),
    "extra.letter": f"{_ADDRESS}.FormattedAddress.FormattedPostalAddress.FirstLineDescription",
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
        "FormOfAddressCode": "0002",
        "AcademicTitleCode": None,
        "GivenName": "Peter",
        "MiddleName": None,
        "FamilyName": "Vogt",
        "BirthName": None,
        "NickName": None,
        "NameFormatCountryCode": "DE",
        "GenderCode": "1",
        "BirthDate": "1971-03-14",
        "NonVerbalCommunicationLanguageCode": "DE",
        "OccupationCode": None,
    },
    "Organisation": {"CompanyLegalFormCode": None, "FirstLineName": None, "SecondLineName": None},
    "VerbalCommunicationLanguageCode": "DE",
    "ContactAllowedCode": "1",
    "LegalCompetenceIndicator": True,
    "ABCClassificationCode": "B",
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
                "EmailURI": "peter.vogt@example.com",
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
                    "FormattedAddressDescription": "Herr Peter Vogt / 01067 Dresden",
                    "FormattedPostalAddress": {
                        "FirstLineDescription": "Herr Peter Vogt",
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
