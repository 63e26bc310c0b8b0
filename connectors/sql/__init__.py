"""The kind `sql`: databases by SQLAlchemy."""
