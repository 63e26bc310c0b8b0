"""Texts of a certain form, described in words to the person who wrote another."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator


def patterned(pattern: str, words: str) -> AfterValidator:
    """Accept texts that the pattern fits as a whole; `words` complete "must be"."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {words}")
        return text

    return AfterValidator(check)


NumberOrBeginning = Annotated[
    str, patterned(r"\+[1-9][0-9]{2,14}\*?", "a number in international form, +4930123400, or a beginning, +4930123*")
]
