"""Mappings that ctihub ships: data only, one folder per system."""
