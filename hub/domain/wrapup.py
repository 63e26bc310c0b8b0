"""What an agent says of a call once it is dealt with, and what became of it in each backend."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from hub.domain.writeback import WriteKind

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]


class WrapUp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`id` is made by who sends it: with the same one a second time nothing is written twice.

    `disposition` is how the call ended for the customer, one of the configuration's `desk.dispositions`. `new_case` is
    the subject of a case to be opened, `reference` the number of a case or an order that the call was about. `customer`
    says who it was, where the number belongs to several: the id of one system (a connector's name to the id there); it
    is remembered for the number as if it had been chosen during the call.
    `agent` is for machines only: an agent writes for themselves.
    """

    id: Id
    note: Annotated[str, msgspec.Meta(max_length=8_000)] = ""
    disposition: Annotated[str, msgspec.Meta(max_length=64)] = ""
    new_case: Annotated[str, msgspec.Meta(max_length=200)] = ""
    priority: Annotated[str, msgspec.Meta(max_length=40)] = ""
    reference: Annotated[str, msgspec.Meta(max_length=64)] = ""
    customer: Annotated[dict[str, str], msgspec.Meta(max_length=1)] = {}
    agent: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Saved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one backend made of it: `id` is its own of what was written, `problem` in words why nothing was.

    `later`: it is down, or did not answer when the call came, and gets it by itself as soon as it can take it.
    `refused` is the purpose of what is written there that the customer has refused: nothing is, nor will be.
    """

    connector: str
    title: str
    kind: WriteKind
    id: str = ""
    was_there: bool = False
    later: bool = False
    refused: str = ""
    problem: str = ""


class WrapUpProblem(enum.StrEnum):
    NO_SUCH_CALL = "no_such_call"
    NOT_YOURS = "not_yours"
    WHICH_CUSTOMER = "which_customer"
    NO_SUCH_DISPOSITION = "no_such_disposition"
    NOTHING_SAID = "nothing_said"
    NOT_STORED = "not_stored"


class WrapUpError(Exception):
    """Nothing was written; the message says to a person why."""

    def __init__(self, problem: WrapUpProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


class WrapUpResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`saved` has an entry for each backend and kind that was to be written; the note itself is kept by the hub."""

    id: str
    saved: tuple[Saved, ...] = ()
