import pytest

from hub.demo.service_cloud.roql import RoqlError, query

TABLES = {
    "Contact": [
        {"ID": "1", "Name.First": "Maria", "Phones.RawNumber": "493023125011"},
        {"ID": "2", "Name.First": "O'Hara", "Phones.RawNumber": "03023125012"},
        {"ID": "3", "Name.First": "Li", "Phones.RawNumber": "862155500123"},
    ],
}


def test_columns_conditions_order_and_limit() -> None:
    """A lookup as connectors write it gives the asked columns by their aliases."""
    columns, rows = query(
        "SELECT C.ID AS ID, C.Name.First AS FirstName FROM Contact C "
        "WHERE C.Phones.RawNumber IN ('493023125011', '03023125012') AND C.ID != '9' ORDER BY C.ID DESC LIMIT 5",
        TABLES,
    )
    assert ["ID", "FirstName"] == columns
    assert [["2", "O'Hara"], ["1", "Maria"]] == rows


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (r"Name.First = 'O\'Hara'", ["2"]),
        ("Name.First LIKE 'ma%'", ["1"]),
        ("ID > 1 AND ID <= 2", ["2"]),
        ("Name.First = 'x\\' OR ID > 0 AND \\'1\\'=\\'1'", []),
    ],
)
def test_conditions(condition: str, ids: list[str]) -> None:
    """Quoted text stays text, whatever it holds."""
    text = f"SELECT ID FROM Contact WHERE {condition}"
    assert ids == [row[0] for row in query(text, TABLES)[1]]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM Contact",
        "SELECT ID FROM Nothing",
        "SELECT Secret FROM Contact",
        "SELECT ID FROM Contact WHERE ID = '1' OR ID = '2'",
        "SELECT ID FROM Contact WHERE ID = '1",
        "SELECT ID FROM Contact WHERE " + "x" * 20_000,
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """A query the simulation can't answer truly gets a fault, not a guess."""
    with pytest.raises(RoqlError):
        query(text, TABLES)
