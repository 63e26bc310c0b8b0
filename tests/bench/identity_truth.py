"""The published pairs of records with the truth written out, and how the rules judge them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec
import yaml

from hub.config.identity import IdentitySection
from hub.context.identity.grouping import group_records
from hub.context.identity.scoring import Rules
from hub.domain.customer import CustomerRecord

FOLDER = Path(__file__).parent / "identity_pairs"
HELD_OUT = "held_out"
"""The file that was written after the rules, and by which none was set."""
BLIND: Final = {"blind_1": (0.9297, 0.758), "blind_2": (0.9362, 0.8), "blind_3": (0.9697, 0.9412)}
"""Files whose truth was fixed before they were judged once: precision and recall of that first time.

What they showed then led to changes, so the figures of today say less than these.
"""
WRONG_MERGE_COSTS = 10
_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(CustomerRecord))


class Pair(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two records, whether they are `same` or `different`, and why; `asked` is the index key both were found by.

    `unsure`: nobody can say by these records; then they are to be shown to the agent, and not made one.
    """

    truth: Literal["same", "different", "unsure"]
    why: str
    one: dict[str, Any]
    other: dict[str, Any]
    asked: str = ""

    @property
    def records(self) -> tuple[CustomerRecord, CustomerRecord]:
        return _record("a", self.one), _record("b", self.other)


class Judged(NamedTuple):
    kind: str
    pair: Pair
    is_one: bool
    score: float
    rules: Sequence[str]


def _record(system: str, fields: dict[str, Any]) -> CustomerRecord:
    said = {"system": system, "id": "1", **fields}
    unknown = said.keys() - _FIELDS
    if unknown:
        raise ValueError(f"a customer record has no {', '.join(sorted(unknown))}")
    return msgspec.convert(said, CustomerRecord, strict=False)


def pairs(files: Iterable[str]) -> Mapping[str, Sequence[Pair]]:
    """Return the pairs of these files (without their ending), by kind."""
    found: dict[str, list[Pair]] = {}
    for name in files:
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        # Dates stay text: they are read as the records' own.
        for kind, entries in yaml.load(text, Loader=yaml.CBaseLoader).items():  # noqa: S506 - builds plain texts only
            found.setdefault(kind, []).extend(msgspec.convert(entries, list[Pair]))
    return found


def published() -> Sequence[str]:
    """Return the files by which the rules were set."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem not in {HELD_OUT, *BLIND})


def judge(given: Mapping[str, Sequence[Pair]], settings: IdentitySection | None = None) -> Sequence[Judged]:
    """Have the rules say of each pair whether it is one customer."""
    rules = Rules(settings or IdentitySection())
    judged = []
    for kind, entries in given.items():
        for pair in entries:
            grouping = group_records(pair.records, rules, asked=(pair.asked,) if pair.asked else ())
            told = [*(match for group in grouping.matches for match in group), *grouping.maybe_same]
            reasons = [f"{reason.rule} {reason.score:+g}" for match in told for reason in match.reasons]
            score = max((match.score for match in told), default=0.0)
            judged.append(Judged(kind, pair, len(grouping.groups) == 1, score, reasons))
    return judged


def wrong_merges(judged: Iterable[Judged]) -> Sequence[Judged]:
    return [one for one in judged if one.is_one and one.pair.truth != "same"]


def misses(judged: Iterable[Judged]) -> Sequence[Judged]:
    return [one for one in judged if not one.is_one and one.pair.truth == "same"]


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return precision and recall, what the mistakes cost, and how many pairs of each kind there are."""
    merged = sum(one.is_one for one in judged)
    same = sum(one.pair.truth == "same" for one in judged)
    unsure = [one for one in judged if one.pair.truth == "unsure"]
    wrong, missed = wrong_merges(judged), misses(judged)
    return {
        "pairs": len(judged),
        "same": same,
        "precision": round((merged - len(wrong)) / merged, 4) if merged else 1.0,
        "recall": round((same - len(missed)) / same, 4) if same else 1.0,
        "wrong_merges": len(wrong),
        "misses": len(missed),
        "missed_but_asked_of_the_agent": sum(one.score > 0 for one in missed),
        "unsure": len(unsure),
        "unsure_and_asked_of_the_agent": sum(one.score > 0 and not one.is_one for one in unsure),
        "cost": WRONG_MERGE_COSTS * len(wrong) + len(missed),
        "by_kind": dict(sorted(Counter(one.kind for one in judged).items())),
        "mistakes": [f"{one.kind}: {one.pair.why} ({one.pair.truth})" for one in (*wrong, *missed)],
    }
