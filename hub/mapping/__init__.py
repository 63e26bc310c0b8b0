"""The mapping language: a backend's record to the canonical customer or interaction, as data."""
