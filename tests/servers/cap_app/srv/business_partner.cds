// As much of API_BUSINESS_PARTNER as the preset asks, with the names, types and lengths that SAP publishes.
@path: '/v4/API_BUSINESS_PARTNER'
service API_BUSINESS_PARTNER {
  entity A_BusinessPartner {
    key BusinessPartner           : String(10);
        Customer                  : String(10);
        BusinessPartnerCategory   : String(1);
        BusinessPartnerFullName   : String(81);
        BusinessPartnerIsBlocked  : Boolean;
        CorrespondenceLanguage    : String(2);
        CreationDate              : Date;
        FirstName                 : String(40);
        LastName                  : String(40);
        OrganizationBPName1       : String(40);
        to_BusinessPartnerAddress : Association to many A_BusinessPartnerAddress
                                      on to_BusinessPartnerAddress.BusinessPartner = BusinessPartner;
  }

  entity A_BusinessPartnerAddress {
    key BusinessPartner      : String(10);
    key AddressID            : String(10);
        ValidityEndDate      : DateTime;
        CityName             : String(40);
        Country              : String(3);
        HouseNumber          : String(10);
        PostalCode           : String(10);
        StreetName           : String(60);
        to_PhoneNumber       : Association to many A_AddressPhoneNumber
                                 on  to_PhoneNumber.AddressID       = AddressID
                                 and to_PhoneNumber.PhoneNumberType = '1';
        to_MobilePhoneNumber : Association to many A_AddressPhoneNumber
                                 on  to_MobilePhoneNumber.AddressID       = AddressID
                                 and to_MobilePhoneNumber.PhoneNumberType = '3';
        to_EmailAddress      : Association to many A_AddressEmailAddress
                                 on to_EmailAddress.AddressID = AddressID;
  }

  entity A_AddressPhoneNumber {
    key AddressID                : String(10);
    key Person                   : String(10);
    key OrdinalNumber            : String(3);
        InternationalPhoneNumber : String(30);
        PhoneNumber              : String(30);
        PhoneNumberType          : String(1);
  }

  entity A_AddressEmailAddress {
    key AddressID          : String(10);
    key Person             : String(10);
    key OrdinalNumber      : String(3);
        EmailAddress       : String(241);
        SearchEmailAddress : String(20);
  }
}
