"""The mapping language: load, run, test."""
