"""How often the rules are right of who is who: pairs published, held out and judged blind; what the deciding takes."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from hub.config.identity import IdentitySection
from hub.context.identity.grouping import group_records
from hub.context.identity.scoring import Rules
from hub.domain.customer import Address, CustomerRecord, Email, Name, Phone
from tests.bench.identity_truth import BLIND, HELD_OUT, figures, judge, pairs, published
from tests.bench.result import Target, report, spread

ROUNDS = 5
GROUPINGS = 500
SYSTEMS = ("sap", "service_cloud", "siebel", "shop", "helpdesk")
NUMBER = "+4971123400"


def _records(customer: int) -> list[CustomerRecord]:
    """Return a customer as five systems have one: the same number, and this and that besides."""
    number = f"{NUMBER}{customer}"
    names = ("Maria Huber", "Huber, Maria", "M. Huber", "Dr. Maria Huber", "Maria Huber-Wolff")
    return [
        CustomerRecord(
            system=system,
            id=str(customer),
            name=Name(full=name),
            phones=(Phone(number=number), Phone(number=f"{number}{place}")),
            emails=(Email(address=f"maria{customer}@example.com"),),
            addresses=(Address(street="Hauptstraße 1", postcode="70173", locality="Stuttgart"),),
            birth_date=date(1980, 5, 4) if place % 2 else None,
        )
        for place, (system, name) in enumerate(zip(SYSTEMS, names, strict=True))
    ]


def _grouping_ms(groupings: int) -> float:
    rules = Rules(IdentitySection())
    given = [(_records(customer), (f"tel:{NUMBER}{customer}",)) for customer in range(groupings)]
    began = time.process_time()
    for records, asked in given:
        group_records(records, rules, asked=asked)
    return (time.process_time() - began) / groupings * 1000


def measure(groupings: int = GROUPINGS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Judge all pairs; group one customer's records of five systems, as often as said."""
    shown, held_out = figures(judge(pairs(published()))), figures(judge(pairs([HELD_OUT])))
    blind = {
        name: {"first_precision": precision, "first_recall": recall, **figures(judge(pairs([name])))}
        for name, (precision, recall) in BLIND.items()
    }
    return report(
        {
            "published": shown,
            "held_out": held_out,
            **blind,
            "grouping_of_5_records_cpu_ms": spread([_grouping_ms(groupings) for _ in range(rounds)], 3),
        },
        Target(what="published pairs with the truth", value=shown["pairs"], rule="at least", limit=200),
        Target(what="wrong merges of the published pairs", value=shown["wrong_merges"], rule="at most", limit=0),
        Target(what="recall of the published pairs", value=shown["recall"], rule="at least", limit=0.95),
        Target(what="wrong merges of the pairs held out", value=held_out["wrong_merges"], rule="at most", limit=0),
        Target(
            what="wrong merges of the pairs judged blind, one of which is unsure",
            value=sum(one["wrong_merges"] for one in blind.values()),
            rule="at most",
            limit=1,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return measure()
