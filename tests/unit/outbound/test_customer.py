"""Whose an event is, in one backend."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.base import ConnectorError
from hub.domain.customer import (
    AnswerState,
    BackendAnswer,
    Customer,
    CustomerContext,
    CustomerQuery,
    CustomerRecord,
    Problem,
)
from hub.domain.event import Event
from hub.domain.interaction import CustomerRef
from hub.domain.phone import PhoneNumber
from hub.domain.ports import CallLogEntry
from hub.outbound.customer import Customers, Owner, Whose
from tests.unit.outbound.site import NUMBER, answer, cleared, fed, interaction, known

ONE = Owner(Whose.ONE, "C-1")
ASKED = Owner(Whose.ONE, "C-1", CustomerRecord(system="crm", id="C-1"))
"""With what the backend said of the customer: it may be a refusal."""


class Archive:
    """Holds the context of one call, or none."""

    def __init__(self, *customers: Customer, answers: Sequence[BackendAnswer] | None = None) -> None:
        self.context: CustomerContext | None = None
        if customers or answers is not None:
            self.context = CustomerContext(
                call_id="main-1", phone=NUMBER, customers=customers, answers=tuple(answers or ())
            )

    async def finished_call(self, call_id: str) -> CallLogEntry | None:
        raise AssertionError(call_id)

    async def context_of(self, call_id: str) -> CustomerContext | None:
        assert "main-1" == call_id
        return self.context


class Backend:
    """Knows these customers, by what they are asked for."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = known
        self.asked: list[str] = []

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        by = "phone" if query.phone.e164 else "email"
        self.asked.append(query.phone.e164 or query.email)
        return [CustomerRecord(system="crm", id=one) for one in self.known.get(by, ())]


async def owner(event: Event, archive: Archive, backend: Backend) -> Owner:
    return await Customers("crm", archive=archive, region="DE").owner(event, backend.lookup)


async def test_the_call_s_context_says_it() -> None:
    """The backend is not asked for what it has said already."""
    backend = Backend()
    assert ONE == await owner(cleared(), Archive(known()), backend)
    assert Owner(Whose.NOBODY) == await owner(cleared(), Archive(answers=[answer(AnswerState.NOT_FOUND)]), backend)
    several = Archive(known(), Customer(ids={"erp": "E-2"}))
    assert Owner(Whose.SEVERAL) == await owner(cleared(), several, backend)
    assert [] == backend.asked


@pytest.mark.parametrize(
    "archive",
    [
        Archive(),
        Archive(Customer(ids={"erp": "E-1"}), answers=[answer(AnswerState.FAILED)]),
        Archive(answers=[answer(AnswerState.PENDING)]),
        Archive(answers=[answer(AnswerState.FOUND, "erp")]),
    ],
    ids=["ended-too-soon", "was-down", "was-slow", "is-new"],
)
async def test_who_has_not_answered_then_is_asked_now(archive: Archive) -> None:
    """The call came while the backend was down: that is just when this is needed."""
    backend = Backend(phone=["C-1"])
    assert ASKED == await owner(cleared(), archive, backend)
    assert [NUMBER.e164] == backend.asked
    assert Owner(Whose.NOBODY) == await owner(cleared(), archive, Backend())
    assert Owner(Whose.SEVERAL) == await owner(cleared(), archive, Backend(phone=["C-1", "C-2"]))


async def test_without_a_number_nobody_is_asked_for() -> None:
    """A caller who hides, or a call from desk to desk."""
    backend = Backend(phone=["C-1"])
    assert Owner(Whose.NOBODY) == await owner(cleared(caller=PhoneNumber(raw="1001")), Archive(), backend)
    assert [] == backend.asked


async def test_an_interaction_names_its_customer() -> None:
    """By the id in that backend, or by numbers and addresses that it is asked for, in turn."""
    backend = Backend(email=["C-1", "C-1"])
    assert ONE == await owner(fed(interaction()), Archive(), backend)
    assert [] == backend.asked
    named = CustomerRef(phones=("0351 5550123", "nonsense"), emails=("petra@example.com",), ids={"erp": "E-1"})
    assert ASKED == await owner(fed(interaction(customer=named)), Archive(), backend)
    assert ["+493515550123", "petra@example.com"] == backend.asked
    assert Owner(Whose.NOBODY) == await owner(fed(interaction(customer=named)), Archive(), Backend())


async def test_a_backend_that_can_not_be_asked_is_told_as_such() -> None:
    """Not as one that knows nobody: it is waited for."""

    class Down(Backend):
        async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
            raise ConnectorError(Problem.UNREACHABLE, f"crm: no connection for {len(query.ids)}")

    with pytest.raises(ConnectorError):
        await owner(cleared(), Archive(), Down())
