import pytest

from hub.demo.sap.filters import FilterError, parse_filter

ROW = {"Name": "O'Hara", "City": "Berlin", "Status": "B", "Amount": "12"}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("Name eq 'O''Hara'", True),
        ("City eq 'Berlin' and Status ne 'C'", True),
        ("City eq 'Hamburg' or (Status eq 'B' and not Amount eq '13')", True),
        ("City eq 'Hamburg' or Status eq 'A'", False),
        ("substringof('erl',City)", True),
        ("startswith(City,'Ber') eq true and endswith(City,'burg')", False),
        ("Status ge 'B' and Status le 'B' and Status gt 'A' and Status lt 'C'", True),
    ],
)
def test_expressions_mean_what_odata_says(expression: str, holds: bool) -> None:
    """Precedence, quoting and functions are those of OData 2.0."""
    assert holds is parse_filter(expression)(ROW)


@pytest.mark.parametrize(
    "expression",
    ["Name eq", "Name like 'x'", "(Name eq 'x'", "Name eq 'x' 'y'", "Name eq x", "; drop", "Nobody eq 'x'", "a" * 5000],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """A filter that a real service would refuse is refused here too."""
    with pytest.raises(FilterError):
        parse_filter(expression)(ROW)
