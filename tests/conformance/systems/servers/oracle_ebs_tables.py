"""The tables of E-Business Suite that are read, in a SQLite file: same names, same columns, other database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conformance.systems.system import Person

KNOWN = Person("4429", "Petra Vogt", "+493515550123", "petra@example.com", ("66001", "66002"), ("17001", "17002"))
SHARED = (
    Person("4501", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("4502", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
ELSEWHERE = Person("4600", "Other Area", "+49305550123", "other@example.com")
LOCAL = Person("4700", "Local Number", "5550123", "local@example.com")
COMPANY = Person("1006", "Hansen Maschinenbau GmbH", "+493515550100", "info@hansen.example", ("66100",))

_TABLES = """
CREATE TABLE hz_parties (party_id INTEGER, party_type TEXT, party_name TEXT, person_first_name TEXT,
  person_last_name TEXT, address1 TEXT, postal_code TEXT, city TEXT, country TEXT, status TEXT);
CREATE TABLE hz_relationships (party_id INTEGER, subject_id INTEGER, subject_type TEXT, object_id INTEGER,
  object_type TEXT, status TEXT);
CREATE TABLE hz_contact_points (owner_table_name TEXT, owner_table_id INTEGER, contact_point_type TEXT, status TEXT,
  phone_line_type TEXT, phone_country_code TEXT, phone_area_code TEXT, phone_number TEXT, transposed_phone_number TEXT,
  email_address TEXT);
CREATE TABLE hz_cust_accounts (cust_account_id INTEGER, party_id INTEGER);
CREATE TABLE oe_order_headers_all (order_number INTEGER, sold_to_org_id INTEGER, open_flag TEXT, flow_status_code TEXT,
  cust_po_number TEXT, ordered_date TEXT, request_date TEXT, transactional_curr_code TEXT);
CREATE TABLE cs_incidents_all_b (incident_id INTEGER, incident_number TEXT, customer_id INTEGER, incident_date TEXT,
  incident_status_id INTEGER, incident_severity_id INTEGER);
CREATE TABLE cs_incidents_all_tl (incident_id INTEGER, language TEXT, summary TEXT);
CREATE TABLE cs_incident_statuses_b (incident_status_id INTEGER, close_flag TEXT);
CREATE TABLE cs_incident_statuses_tl (incident_status_id INTEGER, language TEXT, name TEXT);
CREATE TABLE cs_incident_severities_tl (incident_severity_id INTEGER, language TEXT, name TEXT);
"""


def made_at(file: Path) -> None:
    """Make the tables with a few parties, the known one as contact of a company."""
    with closing(sqlite3.connect(file)) as database:
        database.executescript(_TABLES)
        for person in (KNOWN, *SHARED, ELSEWHERE, LOCAL):
            _party(database, person, "PERSON")
            _points(database, int(person.id), person)
        _party(database, COMPANY, "ORGANIZATION")
        _points(database, int(COMPANY.id), COMPANY)
        # The relationship is a party of its own, with a number of its own, and stands in both directions.
        database.execute("INSERT INTO hz_relationships VALUES (9001, 4429, 'PERSON', 1006, 'ORGANIZATION', 'A')")
        database.execute("INSERT INTO hz_relationships VALUES (9001, 1006, 'ORGANIZATION', 4429, 'PERSON', 'A')")
        _points(database, 9001, KNOWN._replace(phone="+491715550999", email="vogt@hansen.example"))
        _business(database)
        database.commit()


def _party(database: sqlite3.Connection, person: Person, kind: str) -> None:
    given, _, surname = person.name.partition(" ") if kind == "PERSON" else ("", "", "")
    database.execute(
        "INSERT INTO hz_parties VALUES (?, ?, ?, ?, ?, 'Lindenallee 12', '01067', 'Dresden', 'DE', 'A')",
        (int(person.id), kind, person.name, given or None, surname or None),
    )


def _points(database: sqlite3.Connection, owner: int, person: Person) -> None:
    digits = person.phone.removeprefix("+")
    is_whole = person.phone.startswith("+")
    parts = (digits[:2], digits[2:-7], digits[-7:]) if is_whole else (None, None, digits)
    database.execute(
        "INSERT INTO hz_contact_points VALUES ('HZ_PARTIES', ?, 'PHONE', 'A', 'GEN', ?, ?, ?, ?, NULL)",
        (owner, *parts, digits[::-1]),
    )
    database.execute(
        "INSERT INTO hz_contact_points VALUES ('HZ_PARTIES', ?, 'EMAIL', 'A', NULL, NULL, NULL, NULL, NULL, ?)",
        (owner, person.email),
    )


def _business(database: sqlite3.Connection) -> None:
    for status, closed, name in ((1, None, "Open"), (2, "Y", "Closed")):
        database.execute("INSERT INTO cs_incident_statuses_b VALUES (?, ?)", (status, closed))
        for language, words in (("US", name), ("D", f"{name} (D)")):
            database.execute("INSERT INTO cs_incident_statuses_tl VALUES (?, ?, ?)", (status, language, words))
    database.execute("INSERT INTO cs_incident_severities_tl VALUES (5, 'US', 'High')")
    for index, (number, status) in enumerate([*((case, 1) for case in KNOWN.cases), ("17000", 2)]):
        database.execute(
            "INSERT INTO cs_incidents_all_b VALUES (?, ?, 4429, '2026-11-18 08:15:00', ?, 5)", (index, number, status)
        )
        database.execute("INSERT INTO cs_incidents_all_tl VALUES (?, 'US', 'Pump leaks')", (index,))
        database.execute("INSERT INTO cs_incidents_all_tl VALUES (?, 'D', 'Pumpe leckt')", (index,))
    orders = [(4429, order, "Y") for order in KNOWN.orders] + [(4429, "66000", "N"), (1006, COMPANY.orders[0], "Y")]
    for account, (party, order, is_open) in enumerate(orders):
        database.execute("INSERT INTO hz_cust_accounts VALUES (?, ?)", (account, party))
        database.execute(
            "INSERT INTO oe_order_headers_all VALUES (?, ?, ?, 'BOOKED', 'PO 7', '2026-11-02', '2026-12-01', 'EUR')",
            (int(order), account, is_open),
        )
