"""Whether two spellings can be the name of the same person or company."""

from __future__ import annotations

import re
import unicodedata

_TITLES = frozenset({"dr", "prof", "herr", "frau", "mr", "mrs", "ms", "miss", "sir", "ing", "dipl"})
_LEGAL_FORMS = frozenset(
    {"gmbh", "ag", "kg", "ohg", "ug", "se", "inc", "llc", "ltd", "limited", "corp", "co", "sa", "sarl", "bv", "nv"},
)
_WORD = re.compile(r"\w+")
_TRANSCRIPTION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})


def _words(text: str) -> frozenset[str]:
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return frozenset(_WORD.findall(plain)) - _TITLES - _LEGAL_FORMS


def spellings(name: str) -> frozenset[frozenset[str]]:
    """Return the name's words in each way it may be written: accents dropped, or umlauts transcribed (ü as ue).

    Order, case, titles and legal forms do not count. Empty for a name without words.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    found = {_words(folded), _words(folded.translate(_TRANSCRIPTION))}
    return frozenset(words for words in found if words)


def _abbreviates(short: frozenset[str], long: frozenset[str]) -> bool:
    """Whether `short` says nothing that `long` does not: "M. Huber" for "Maria Huber", "Huber" for both."""
    if short <= long:
        return True
    rest = long - short
    return bool(short & long) and all(
        len(word) == 1 and any(candidate.startswith(word) for candidate in rest) for word in short - long
    )


def compatible(one: str, other: str) -> bool:
    """Whether nothing in the two names speaks against one bearer; an empty name speaks against nobody."""
    ones, others = spellings(one), spellings(other)
    if not ones or not others:
        return True
    return any(_abbreviates(a, b) or _abbreviates(b, a) for a in ones for b in others)
