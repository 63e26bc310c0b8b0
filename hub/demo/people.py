"""Who calls in the demo, and what the two backends know of them. Nobody here exists."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from hub.demo.sap.entities import Row


class Backend(enum.Enum):
    """How a backend behaves while somebody calls."""

    WELL = "well"
    SLOW = "slow"
    DOWN = "down"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    number: str
    status: str
    ordered_days_ago: int
    due_in_days: int
    amount: str
    reference: str
    currency: str = "EUR"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Incident:
    reference: str
    subject: str
    status: str
    severity: str
    opened_days_ago: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Caller:
    """`partner` is the number in SAP, `contact` the one in Service Cloud; empty where that one does not know them.

    `ivr_choice` is what they chose before they came to the queue.
    """

    number: str
    line_name: str = ""
    ivr_choice: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    is_company: bool = False
    title: str = ""
    email: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "DE"
    language: str = "DE"
    partner: str = ""
    contact: str = ""
    orders: tuple[Order, ...] = ()
    incidents: tuple[Incident, ...] = ()
    sap: Backend = Backend.WELL
    service_cloud: Backend = Backend.WELL

    @property
    def full_name(self) -> str:
        if self.is_company:
            return self.company
        # A Chinese name begins with the family's and has no space.
        return f"{self.last_name}{self.first_name}" if self.country == "CN" else f"{self.first_name} {self.last_name}"


CALLERS = (
    Caller(
        number="+493023125011",
        line_name="HUBER M",
        ivr_choice="Delivery",
        first_name="Maria",
        last_name="Huber",
        company="Huber Maschinenbau GmbH",
        title="Head of Purchasing",
        email="maria.huber@huber-maschinenbau.example",
        street="Lindenallee 12",
        postcode="10115",
        city="Berlin",
        partner="1000017",
        contact="501",
        orders=(
            Order(
                number="4500120",
                status="B",
                ordered_days_ago=24,
                due_in_days=-3,
                amount="18450.00",
                reference="PO-7741",
            ),
            Order(
                number="4500188", status="A", ordered_days_ago=4, due_in_days=11, amount="2190.50", reference="PO-7802"
            ),
        ),
        incidents=(
            Incident(
                reference="261114-000042",
                subject="Delivery 4500120 overdue",
                status="Unresolved",
                severity="High",
                opened_days_ago=6,
            ),
        ),
    ),
    Caller(
        number="+862155500123",
        line_name="Li Wei",
        ivr_choice="Orders",
        first_name="伟",
        last_name="李",
        email="li.wei@donghai.example",
        street="南京西路 1266 号",
        postcode="200040",
        city="上海",
        country="CN",
        language="ZH",
        partner="1000033",
        orders=(
            Order(
                number="4500175",
                status="A",
                ordered_days_ago=9,
                due_in_days=20,
                amount="96300.00",
                reference="DH-2026-118",
                currency="CNY",
            ),
        ),
    ),
    Caller(number="+494066969123", line_name="Hamburg"),
    Caller(number="anonymous"),
    Caller(
        number="+34915550123",
        line_name="A GARCIA",
        ivr_choice="Invoices",
        first_name="Andrés",
        last_name="García",
        email="andres.garcia@solmar.example",
        street="Calle de Alcalá 45",
        postcode="28014",
        city="Madrid",
        country="ES",
        language="ES",
        partner="1000041",
        contact="517",
        orders=(
            Order(
                number="4500169", status="B", ordered_days_ago=12, due_in_days=2, amount="740.00", reference="SM-330"
            ),
        ),
        incidents=(
            Incident(
                reference="261119-000007",
                subject="Invoice address is wrong",
                status="Waiting",
                severity="Low",
                opened_days_ago=2,
            ),
        ),
        sap=Backend.SLOW,
    ),
    Caller(
        number="+494066969200",
        line_name="NORDWIND",
        ivr_choice="Service",
        company="Nordwind Logistik GmbH",
        is_company=True,
        email="dispo@nordwind.example",
        street="Am Sandtorkai 5",
        postcode="20457",
        city="Hamburg",
        partner="1000052",
        contact="522",
        orders=(
            Order(number="4500191", status="A", ordered_days_ago=1, due_in_days=6, amount="5120.00", reference="NW-91"),
        ),
        service_cloud=Backend.DOWN,
    ),
    Caller(
        number="+49351555019",
        line_name="BECKER",
        ivr_choice="Orders",
        first_name="Anna",
        last_name="Becker",
        title="Teacher",
        email="anna.becker@becker-dresden.example",
        street="Pfotenhauerstraße 8",
        postcode="01307",
        city="Dresden",
        contact="530",
        incidents=(
            Incident(
                reference="261120-000013",
                subject="Coffee machine leaks",
                status="Unresolved",
                severity="Normal",
                opened_days_ago=1,
            ),
        ),
    ),
)
OTHERS = (
    Caller(
        number="+49351555019",
        first_name="Paul",
        last_name="Becker",
        title="Carpenter",
        email="paul@becker-holzbau.example",
        street="Pfotenhauerstraße 8",
        postcode="01307",
        city="Dresden",
        contact="531",
    ),
)
"""Who is known and does not call: of the same family, at the same number."""


def _edm_date(day: date) -> str:
    return f"/Date({int(datetime.combine(day, time(), UTC).timestamp()) * 1000})/"


def _address(caller: Caller) -> Row:
    address = {"AddressID": f"9{caller.partner}", "Person": ""}
    number = {"PhoneNumber": caller.number, "InternationalPhoneNumber": caller.number, "PhoneNumberType": "1"}
    return {
        "BusinessPartner": caller.partner,
        "AddressID": address["AddressID"],
        "StreetName": caller.street,
        "HouseNumber": "",
        "PostalCode": caller.postcode,
        "CityName": caller.city,
        "Country": caller.country,
        "Language": caller.language,
        "to_PhoneNumber": [{**address, "OrdinalNumber": "1", **number}],
        "to_MobilePhoneNumber": [],
        "to_EmailAddress": [
            {
                **address,
                "OrdinalNumber": "1",
                "EmailAddress": caller.email,
                "SearchEmailAddress": caller.email.upper()[:20],
            }
        ],
    }


def _partner(caller: Caller) -> Row:
    return {
        "BusinessPartner": caller.partner,
        "Customer": caller.partner,
        "BusinessPartnerCategory": "2" if caller.is_company else "1",
        "BusinessPartnerFullName": caller.full_name,
        "BusinessPartnerName": caller.full_name,
        "FirstName": caller.first_name,
        "LastName": caller.last_name,
        "OrganizationBPName1": caller.company if caller.is_company else "",
        "CorrespondenceLanguage": caller.language,
        "Language": caller.language,
        "to_BusinessPartnerAddress": [_address(caller)],
    }


def sap_services(today: date, callers: Sequence[Caller] = CALLERS) -> dict[str, dict[str, list[Row]]]:
    """Return the rows of the simulated SAP, with dates around `today`."""
    known = [caller for caller in callers if caller.partner]
    addresses = [_address(caller) for caller in known]
    phones: list[Row] = []
    emails: list[Row] = []
    for address in addresses:
        phones += [row for row in address["to_PhoneNumber"] if not isinstance(row, str)]
        emails += [row for row in address["to_EmailAddress"] if not isinstance(row, str)]
    orders: list[Row] = [
        {
            "SalesOrder": order.number,
            "SalesOrderType": "OR",
            "SoldToParty": caller.partner,
            "SalesOrderDate": _edm_date(today - timedelta(days=order.ordered_days_ago)),
            "RequestedDeliveryDate": _edm_date(today + timedelta(days=order.due_in_days)),
            "OverallSDProcessStatus": order.status,
            "TotalNetAmount": order.amount,
            "TransactionCurrency": order.currency,
            "PurchaseOrderByCustomer": order.reference,
        }
        for caller in known
        for order in caller.orders
    ]
    return {
        "API_BUSINESS_PARTNER": {
            "A_BusinessPartner": [_partner(caller) for caller in known],
            "A_BusinessPartnerAddress": addresses,
            "A_AddressPhoneNumber": phones,
            "A_AddressEmailAddress": emails,
        },
        "API_SALES_ORDER_SRV": {"A_SalesOrder": orders},
    }


def service_cloud_tables(
    today: date, callers: Sequence[Caller] = (*CALLERS, *OTHERS)
) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the simulated Service Cloud, with dates around `today`."""
    known = [caller for caller in callers if caller.contact]
    contacts = [
        {
            "ID": caller.contact,
            "LookupName": caller.full_name,
            "Name.First": caller.first_name,
            "Name.Last": caller.last_name,
            "Title": caller.title,
            "Organization.Name": caller.company,
            "Phones.Number": caller.number,
            "Phones.RawNumber": caller.number.removeprefix("+"),
            "Emails.Address": caller.email,
            "Address.Street": caller.street,
            "Address.City": caller.city,
            "Address.PostalCode": caller.postcode,
            "Address.Country.ISOCode": caller.country,
        }
        for caller in known
    ]
    incidents = [
        {
            "ReferenceNumber": incident.reference,
            "Subject": incident.subject,
            "StatusWithType.Status.LookupName": incident.status,
            "StatusWithType.StatusType.ID": "1",
            "Severity.LookupName": incident.severity,
            "CreatedTime": f"{today - timedelta(days=incident.opened_days_ago)}T09:30:00Z",
            "PrimaryContact.Contact.ID": caller.contact,
        }
        for caller in known
        for incident in caller.incidents
    ]
    return {"Contact": contacts, "Incident": incidents}
