"""The two systems that know customers: a simulated SAP (OData V2) and a simulated Service Cloud (SOAP), on sockets."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from hub.demo.people import CALLERS, Caller, sap_services, service_cloud_tables
from hub.demo.sap.server import SimulatedSap
from hub.demo.service_cloud.server import PATH, SimulatedServiceCloud
from hub.demo.site import Site
from hub.domain.day import local_day

SAP_TITLE = "SAP S/4HANA"
SERVICE_CLOUD_TITLE = "Oracle Service Cloud"

# Both systems know her, and not by the same name.
MARIA = CALLERS[0]
MARIA_NAME_IN_SERVICE_CLOUD = "Dr. Maria Huber"
# One office, one number, two customers of SAP.
SHARED_NUMBER = "+4971155501100"
PARTNERS_WITH_ONE_NUMBER = tuple(
    dataclasses.replace(
        CALLERS[0],
        number=SHARED_NUMBER,
        first_name=first,
        last_name=last,
        company="",
        email=f"{first.lower()}@kanzlei.example",
        partner=partner,
        contact="",
        orders=(),
        incidents=(),
    )
    for first, last, partner in (("Petra", "Vogt", "1000101"), ("Jonas", "Adler", "1000102"))
)
# A customer of SAP alone whom nobody else calls as.
LI_WEI = next(caller for caller in CALLERS if caller.partner and not caller.contact)
SAP_CUSTOMERS = (MARIA, LI_WEI, *PARTNERS_WITH_ONE_NUMBER)
SERVICE_CLOUD_CONTACTS = (dataclasses.replace(MARIA, first_name="Dr. Maria"),)


class Backends:
    """`async with Backends()`: both answer. Either can be stopped and started again on its port.

    `sap_waits` makes SAP take that many seconds for each question.
    """

    def __init__(self) -> None:
        self.passwords = {name: secrets.token_urlsafe(12) for name in ("SAP_PASSWORD", "SERVICE_CLOUD_PASSWORD")}
        self.sap_waits = 0.0
        self.sap_questions: list[str] = []
        today = local_day()
        sap = SimulatedSap(
            sap_services(today, SAP_CUSTOMERS),
            username="CTIHUB",
            password=self.passwords["SAP_PASSWORD"],
            delay=self._sap_delay,
        )
        service_cloud = SimulatedServiceCloud(
            service_cloud_tables(today, SERVICE_CLOUD_CONTACTS),
            username="ctihub",
            password=self.passwords["SERVICE_CLOUD_PASSWORD"],
        )
        self.sap = Site(sap.app)
        self.service_cloud = Site(service_cloud.app)

    async def __aenter__(self) -> Self:
        """Start both."""
        await asyncio.gather(self.sap.start(), self.service_cloud.start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        await asyncio.gather(self.sap.stop(), self.service_cloud.stop())

    def connectors(self) -> dict[str, Any]:
        """Return the section `connectors`; of a name that both know, Service Cloud's counts."""
        return {
            "service_cloud": service_cloud_connector(f"{self.service_cloud.url}{PATH}?wsdl"),
            "sap": sap_connector(self.sap.url),
        }

    def _sap_delay(self, expression: str) -> float:
        self.sap_questions.append(expression)
        return self.sap_waits


def sap_connector(url: str) -> dict[str, Any]:
    """Return how to reach a SAP with the shipped preset."""
    return {
        "kind": "odata",
        "preset": "sap_s4hana",
        "title": SAP_TITLE,
        "url": f"{url}/sap/opu/odata/sap",
        "auth": {"type": "basic", "username": "CTIHUB", "password": "${SAP_PASSWORD}"},
    }


def service_cloud_connector(wsdl: str) -> dict[str, Any]:
    """Return how to reach a Service Cloud with the shipped preset."""
    return {
        "kind": "soap",
        "preset": "oracle_service_cloud",
        "title": SERVICE_CLOUD_TITLE,
        "wsdl": wsdl,
        "auth": {"type": "wsse", "username": "ctihub", "password": "${SERVICE_CLOUD_PASSWORD}"},
    }


def orders_of(customers: Sequence[Caller]) -> list[str]:
    """Return the numbers of all their orders that SAP holds open."""
    return [order.number for customer in customers for order in customer.orders]
