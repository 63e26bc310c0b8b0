"""Customers who asked to be called back: when they are called, and by whom."""
