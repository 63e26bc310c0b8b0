"""Connectors to the backends that know the caller; base.py is the contract."""
