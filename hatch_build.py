"""Packaging hook: puts the built pages of the agent's desk into the wheel and the source distribution."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DeskPagesHook(BuildHookInterface[Any]):
    """An editable install is left alone: there `make setup` builds the pages."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node.js only where it is needed and missing."""
        pages = _pages(self.root)
        return [] if pages.is_fresh() or pages.has_node() else [pages.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the pages before anything is packed."""
        if version != "editable":
            _pages(self.root).build()


def _pages(root: str) -> ModuleType:
    """Load the page's build script by its path: the hub itself can't be imported in a build environment."""
    path = Path(root, "hub/desk/web/build.py")
    spec = importlib.util.spec_from_file_location("desk_pages_build", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path} is missing: the source tree is not complete.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
