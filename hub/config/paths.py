"""Paths in the configuration: relative ones are taken from the folder of the configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def from_folder(text: str, info: ValidationInfo) -> str:
    """Make a path absolute when the loader has said in which folder the configuration lies."""
    folder: Path | None = (info.context or {}).get("folder")
    return str(folder / text) if folder else text


def existing_file(text: str, info: ValidationInfo) -> str:
    """Make a path absolute and see that the file is there. Raises ValueError."""
    path = from_folder(text, info)
    try:
        is_there = Path(path).is_file()
    except OSError as error:
        raise ValueError(f"{path[:200]} can't be a file: {error.strerror or type(error).__name__}") from None
    if not is_there:
        raise ValueError(f"there is no file {path}")
    return path


ConfigPath = Annotated[str, AfterValidator(from_folder)]
"""A file or folder that may come to be later."""

ExistingFile = Annotated[str, AfterValidator(existing_file)]
"""A file that has to be there when the configuration is loaded."""
