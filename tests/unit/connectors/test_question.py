"""What steps can read of the question."""

import pytest

from connectors.question import number_forms, question
from hub.config.operations import QUERY_FIELDS, OperationBase
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number


@pytest.mark.parametrize(
    ("number", "region", "forms", "expected"),
    [
        ("0351 5550123", "DE", ["e164", "digits", "double_zero"], ["+493515550123", "493515550123", "00493515550123"]),
        ("0351 5550123", "DE", ["national", "significant"], ["03515550123", "3515550123"]),
        ("0351 5550123", "DE", ["subscriber"], ["5550123"]),
        ("0351 5550123", "DE", ["last7", "reversed7", "reversed15"], ["5550123", "3210555"]),
        ("+49 171 5550123", "DE", ["subscriber"], ["5550123"]),
        ("0351 5550123", "DE", ["display", "last7", "last4"], ["+49 351 5550123", "5550123", "0123"]),
        ("(415) 555-2671", "US", ["national", "significant", "e164"], ["4155552671", "+14155552671"]),
        ("+8613800138000", "DE", ["national", "last11"], ["13800138000"]),
        ("+8613800138000", "DE", ["last15"], []),
        ("anonymous", "DE", ["e164"], []),
        ("11", "DE", ["e164", "last4"], []),
    ],
)
def test_forms_of_a_number(number: str, region: str, forms: list[str], expected: list[str]) -> None:
    """A number in the forms that backends keep, without repetitions."""
    assert expected == number_forms(parse_number(number, region), forms)


def test_an_email_that_is_none_is_not_asked_for() -> None:
    """An address longer than any is nobody's; cut it could be somebody else's."""
    operation = OperationBase(key="email")
    assert question(operation, CustomerQuery(email="a" * 255), "crm") is None
    asked = question(operation, CustomerQuery(email="A@b.example"), "crm")
    assert {"email": "A@b.example", "email_upper": "A@B.EXAMPLE", "email_lower": "a@b.example"} == asked


def test_whose_id_is_asked_for() -> None:
    """An id is the connector's own unless the operation names another system."""
    query = CustomerQuery(ids={"crm": "1", "sap_customer": "2"})
    assert {"id": "1"} == question(OperationBase(key="id"), query, "crm")
    assert {"id": "2"} == question(OperationBase(key="id", system="sap_customer"), query, "crm")
    assert question(OperationBase(key="id", system="other"), query, "crm") is None


@pytest.mark.parametrize("key", ["phone", "email", "id"])
def test_what_a_configuration_may_read_is_there(key: str) -> None:
    """The fields that lint knows are those that a step finds."""
    query = CustomerQuery(phone=parse_number("0351 5550123", "DE"), email="a@b.example", ids={"crm": "7"})
    operation = OperationBase.model_validate({"key": key})
    assert sorted(QUERY_FIELDS[key]) == sorted(question(operation, query, "crm") or ())
