"""Connections to where everything is kept, SQLite or PostgreSQL: the same statements, the same failures in words."""
