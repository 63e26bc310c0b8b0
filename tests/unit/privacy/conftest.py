"""The store's tests run on SQLite and on PostgreSQL."""

from tests.unit.journal.conftest import place

__all__ = ["place"]
