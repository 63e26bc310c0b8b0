"""The published pairs of records with the truth written out: what the rules make of them."""

from __future__ import annotations

import msgspec

from tests.bench.identity_truth import BLIND, HELD_OUT, Pair, figures, judge, misses, pairs, published, wrong_merges


def test_no_two_customers_of_the_published_pairs_are_made_one() -> None:
    """And of those that are one each is found, of every kind; there are 200 pairs or more, of both truths."""
    judged = judge(pairs(published()))
    assert [] == [(one.kind, one.pair.why, one.rules) for one in wrong_merges(judged)]
    assert [] == [(one.kind, one.pair.why, one.rules) for one in misses(judged)]
    told = figures(judged)
    assert 200 <= told["pairs"]
    assert 0.4 < told["same"] / told["pairs"] < 0.6
    assert (1.0, 1.0, 0) == (told["precision"], told["recall"], told["cost"])


def test_what_was_held_out_is_judged_as_well() -> None:
    """No wrong merge there either; two are missed, whose given names are in no list."""
    judged = judge(pairs([HELD_OUT]))
    assert [] == [(one.kind, one.pair.why, one.rules) for one in wrong_merges(judged)]
    assert 2 >= len(misses(judged))


def test_what_was_judged_blind_is_judged_better_than_at_first() -> None:
    """Of pairs from all over the world none that are two are made one; one is, of which nobody can say it.

    Nine in ten of those that are one are found.
    """
    judged = judge(pairs(BLIND))
    wrong = [(one.pair.truth, one.pair.why) for one in wrong_merges(judged)]
    assert [("unsure", "same surname, initial and landline: Mia or Max")] == wrong
    told = figures(judged)
    assert told["recall"] > 0.9
    assert told["pairs"] > 2 * told["same"]
    assert told["unsure_and_asked_of_the_agent"] >= 8


def test_it_does_not_matter_which_record_is_the_first() -> None:
    """Each pair is judged the same the other way round, with the same score."""
    forth = {
        kind: [
            msgspec.structs.replace(pair, one={"system": "a", **pair.one}, other={"system": "b", **pair.other})
            for pair in entries
        ]
        for kind, entries in pairs([*published(), HELD_OUT, *BLIND]).items()
    }
    back = {
        kind: [msgspec.structs.replace(pair, one=pair.other, other=pair.one) for pair in entries]
        for kind, entries in forth.items()
    }
    assert [(one.is_one, one.score) for one in judge(forth)] == [(one.is_one, one.score) for one in judge(back)]


def test_a_mistake_is_counted_and_named() -> None:
    """A wrong merge costs ten misses, and the figures say which pair it was."""
    wrong = {
        "made up": [
            {"truth": "different", "why": "one id", "one": {}, "other": {"ids": {"a": "1"}}},
            {"truth": "same", "why": "nothing in common", "one": {}, "other": {}},
        ]
    }
    told = figures(judge({kind: msgspec.convert(entries, list[Pair]) for kind, entries in wrong.items()}))
    assert (0.0, 0.0, 1, 1, 11) == (
        told["precision"],
        told["recall"],
        told["wrong_merges"],
        told["misses"],
        told["cost"],
    )
    assert ["made up: one id (different)", "made up: nothing in common (same)"] == told["mistakes"]
