"""What can go wrong with a mapping: in its file (with places), or with one record at run time."""

from __future__ import annotations

from hub.config.problem import ConfigError


class MappingError(ConfigError):
    """A mapping file, or the file of its tests, that can't be used; `problems` are all of them."""


class ValueProblemError(Exception):
    """A value that a field can't take, named by its kind: the value itself may be personal data."""


class FieldProblemError(Exception):
    """A value problem together with the field that has it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class MappingRunError(Exception):
    """A record that the mapping can't turn into its target. Never holds the record's data."""

    def __init__(self, mapping: str, field: str, message: str) -> None:
        super().__init__(f"mapping {mapping}, field {field}: {message}")
        self.mapping = mapping
        self.field = field
        self.message = message
