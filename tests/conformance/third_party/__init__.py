"""Servers that others wrote, asked by the connectors: what the simulators were told may be wrong, these are not."""
