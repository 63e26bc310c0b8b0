"""Backends that speak JSON over HTTP."""
