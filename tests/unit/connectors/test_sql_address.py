"""Where a database is."""

import pytest

from hub.config.sql_address import SqlAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sqlite:///crm.db", SqlAddress("sqlite", name="crm.db")),
        ("sqlite:////data/crm 1.db", SqlAddress("sqlite", name="/data/crm 1.db")),
        ("postgresql://db/crm", SqlAddress("postgresql", "db", 5432, name="crm")),
        (
            "postgresql+asyncpg://u%40x:p%2F%3A%40@db.example.com:6432/crm",
            SqlAddress("postgresql", "db.example.com", 6432, "u@x", "p/:@", "crm"),
        ),
        ("oracle://u:p@ora/?service_name=ORCLPDB1", SqlAddress("oracle", "ora", 1521, "u", "p", service="ORCLPDB1")),
        ("oracle+oracledb://u:p@ora:1522/XE", SqlAddress("oracle", "ora", 1522, "u", "p", "XE")),
    ],
)
def test_addresses(text: str, address: SqlAddress) -> None:
    """Scheme, host, port, user and name are read; what is quoted in a password is unquoted."""
    assert address == SqlAddress.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "mysql://u:s3cret@db/crm",
        "postgresql://u:s3cret@/crm",
        "postgresql://u:s3cret@db",
        "postgresql://u:s3/cret@db/crm",
        "postgresql://u:s3cret@db:port/crm",
        "postgresql://u:s3cret@db/crm?options=-c%20x",
        "postgresql://u:s3#cret@db/crm",
        "oracle://u:s3cret@db",
        "oracle://u:s3cret@db/XE?service_name=XE",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=rwc",
    ],
)
def test_what_is_no_address(text: str) -> None:
    """It is refused, and the message shows no password."""
    with pytest.raises(ValueError, match="must be") as raised:
        SqlAddress.read(text)
    assert "cret" not in str(raised.value)


def test_shown_without_the_password() -> None:
    """What is shown of an address has neither user nor password."""
    assert "postgresql://db:5432/crm" == SqlAddress.read("postgresql://u:s3cret@db/crm").shown
