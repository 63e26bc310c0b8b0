"""The demo's third system: what field service knows of customers' machines, as a file that it writes each night."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

MAPPING_NAME = "field_service/customer"
MAPPING = """\
# A customer of field service: one machine, its open job, what is owed for it, and what the customer allows.
source: Field service, customers.csv
version: 1
target: customer
fields:
  id: number
  name.full: name
  organization: company
  language: language
  segment: segment
  value: {amount: {from: value}, currency: {const: EUR}}
  phones:
    - {fields: {number: {from: phone, phone: true}, label: {const: work}}}
    - where: {old_phone: {present: true}}
      fields: {number: {from: old_phone, phone: true}, label: {const: old}, valid_until: old_phone_until}
  emails:
    fields: {address: {from: email, case: lower}}
  preferences.time: best_time
  consents:
    where: {marketing: {present: true}}
    fields:
      purpose: {const: marketing}
      granted: {from: marketing, table: {"yes": "true", "no": "false"}}
      given_on: marketing_since
  products:
    where: {machine: {present: true}}
    fields:
      id: serial
      name: machine
      model: model
      serial_number: serial
      bought_on: bought_on
      bought_from: bought_from
      warranty_until: warranty_until
  cases:
    where: {job: {present: true}}
    fields:
      id: job
      subject: job_subject
      status: {const: technician wanted}
      priority: {const: High}
      product: model
      opened_on: job_opened
      target_on: job_target
  invoices:
    where: {invoice: {present: true}}
    fields:
      id: invoice
      amount: invoice_amount
      currency: {const: EUR}
      due_on: invoice_due
  balance: {amount: {from: invoice_amount}, currency: {const: EUR}}
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServiceCustomer:
    """Dates are days from today, those to come above 0."""

    number: str
    name: str
    phone: str
    company: str = ""
    email: str = ""
    language: str = ""
    segment: str = ""
    value: str = ""
    old_phone: str = ""
    old_phone_until: int = 0
    best_time: str = ""
    marketing: str = ""
    marketing_since: int = 0
    machine: str = ""
    model: str = ""
    serial: str = ""
    bought_on: int = 0
    bought_from: str = ""
    warranty_until: int = 0
    job: str = ""
    job_subject: str = ""
    job_opened: int = 0
    job_target: int = 0
    invoice: str = ""
    invoice_amount: str = ""
    invoice_due: int = 0


CUSTOMERS = (
    ServiceCustomer(
        number="FS-2044",
        name="Maria Huber",
        phone="+493023125011",
        company="Huber Maschinenbau GmbH",
        email="maria.huber@huber-maschinenbau.example",
        language="en",
        segment="Machine builders",
        value="184500.00",
        old_phone="+493023129999",
        old_phone_until=-45,
        best_time="mornings",
        marketing="no",
        marketing_since=-210,
        machine="Milling centre",
        model="X500",
        serial="SN-77120",
        bought_on=-718,
        bought_from="Web shop",
        warranty_until=12,
        job="J-4711",
        job_subject="Spindle stands still",
        job_opened=-6,
        job_target=-2,
        invoice="R-90412",
        invoice_amount="420.00",
        invoice_due=-9,
    ),
)


def file_text(today: date, customers: Iterable[ServiceCustomer] = CUSTOMERS) -> str:
    """Return the file with dates around `today`."""
    out = io.StringIO()
    names = [field.name for field in dataclasses.fields(ServiceCustomer)]
    rows = csv.DictWriter(out, names, lineterminator="\n")
    rows.writeheader()
    for customer in customers:
        rows.writerow({name: "" if value is None else value for name, value in _values(customer, today)})
    return out.getvalue()


def _values(customer: ServiceCustomer, today: date) -> Iterator[tuple[str, str | None]]:
    for field in dataclasses.fields(customer):
        value = getattr(customer, field.name)
        if isinstance(value, int):
            yield field.name, str(today + timedelta(days=value)) if value else None
        else:
            yield field.name, value
