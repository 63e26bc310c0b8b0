"""A customer as people name one: which key of the index is meant, and what is wrong with what is none."""

from __future__ import annotations

import pytest

from hub.domain.customer_key import customer_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("crm:4711", "id:crm:4711"),
        ("id:crm:4711", "id:crm:4711"),
        ("erp:A:1", "id:erp:A:1"),
        (" 030 901820 ", "tel:+4930901820"),
        ("tel:+4930901820", "tel:+4930901820"),
        ("Anna@Example.org", "mailto:anna@example.org"),
        ("mailto:Anna@Example.org", "mailto:anna@example.org"),
    ],
)
def test_what_is_meant(text: str, key: str) -> None:
    """An id at a system, a number as one dials it, an address in any case."""
    assert key == customer_key(text, "DE")


@pytest.mark.parametrize("text", ["mailto:", "mailto:anna", "@example.org", "anna@", "mailto:an na@example.org"])
def test_an_address_that_is_none_is_told(text: str) -> None:
    """A key that nobody can have would be answered with nothing, as if nothing were known."""
    with pytest.raises(ValueError, match=r"is no e-mail address: write NAME@DOMAIN"):
        customer_key(text, "DE")


@pytest.mark.parametrize("text", ["crm:", ":4711", "id:crm"])
def test_half_a_reference_is_told(text: str) -> None:
    """A system without an id, an id without a system."""
    with pytest.raises(ValueError, match="write SYSTEM:ID"):
        customer_key(text, "DE")


@pytest.mark.parametrize("text", ["", "Anna", "12"])
def test_what_is_no_key_at_all_is_told(text: str) -> None:
    """Neither an id, nor a number, nor an address."""
    with pytest.raises(ValueError, match="is neither SYSTEM:ID nor a number of DE nor an e-mail address"):
        customer_key(text, "DE")
