"""`ctihub list`: what is there: connectors with their operations, presets, kinds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hub.cli.options import add_config, configuration
from hub.cli.outcome import FINE

if TYPE_CHECKING:
    from hub.config.connector_base import ConnectorBase
    from hub.config.model import Config

_WHAT = ("connectors", "presets", "kinds", "mappings")
_EXAMPLES = """\
examples:
  ctihub list                  the configuration's connectors, all presets and kinds
  ctihub list connectors       what each connector looks up and writes, and by which mapping
  ctihub list presets          the systems that need no steps of one's own
  ctihub list kinds            the protocols, those of other packages too, and why one of these can't be used
  ctihub list mappings         the site's mappings and those that ctihub ships
  ctihub list --json           for programs
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("what", nargs="*", type=_what, metavar="WHAT", help=f"of {', '.join(_WHAT)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def _what(text: str) -> str:
    if text not in _WHAT:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(_WHAT)}")
    return text


def run(arguments: argparse.Namespace) -> int:
    wanted = arguments.what or (list(_WHAT[:3]) if arguments.config.is_file() else ["presets", "kinds"])
    sections = {what: _SECTIONS[what](arguments) for what in wanted}
    if arguments.json:
        print(json.dumps(sections, ensure_ascii=False, indent=2))
        return FINE
    for number, (what, rows) in enumerate(sections.items()):
        if number:
            print()
        print(f"{what}:" if rows else f"{what}: none")
        for row in rows:
            for line in _lines(row):
                print(f"  {line}")
    return FINE


def _lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield a row: its name with what is short, then its lists, each in a line of its own."""
    short = [str(value) for key, value in row.items() if key != "name" and isinstance(value, str) and value]
    yield f"{row['name']}{': ' if short else ''}{', '.join(short)}"
    for key, value in row.items():
        if isinstance(value, list):
            yield from (f"    {key.removesuffix('s')} {item}" for item in value)


def _connectors(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    config: Config = configuration(arguments)
    return [_connector(name, connector) for name, connector in config.connectors.items()]


def _connector(name: str, connector: ConnectorBase) -> dict[str, Any]:
    place = getattr(connector, "url", None) or getattr(connector, "wsdl", None) or getattr(connector, "file", None)
    return {
        "name": name,
        "kind": f"kind {connector.kind}",
        "title": connector.title,
        "preset": f"preset {connector.preset}" if connector.preset else "",
        "address": place if isinstance(place, str) else "",
        "operations": [
            f"{operation} by {settings.key}{f' of {settings.system}' if settings.system else ''}"
            f", {len(getattr(settings, 'steps', ()))} steps, mapping {settings.mapping or connector.mapping}"
            for operation, settings in connector.lookups.items()
        ],
        "writes": [f"{kind}" for kind in connector.written],
    }


def _presets(_arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from hub.config.presets import load_preset, preset_names

    rows = []
    for name in preset_names():
        preset = load_preset(name)
        operations, writes = preset.get("operations", {}), preset.get("writes", {})
        keys = dict.fromkeys(str(one.get("key")) for one in operations.values())
        rows.append(
            {
                "name": name,
                "kind": f"kind {preset.get('kind')}",
                "title": str(preset.get("title", "")),
                "finds": f"finds by {', '.join(keys)}",
                "writes": f"writes {', '.join(writes)}" if writes else "",
            }
        )
    return rows


def _kinds(_arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from typing import get_args

    from hub.config.connector_kinds import BUILT_IN, broken, registered

    rows = [
        {"name": kind, "from": "of ctihub", "about": _first_line(model.__doc__)}
        for model in BUILT_IN
        for kind in get_args(model.model_fields["kind"].annotation)
    ]
    rows += [
        {"name": name, "from": "of another package", "about": _first_line(kind.config.__doc__)}
        for name, kind in registered().items()
    ]
    rows += [{"name": name, "from": "of another package", "about": f"BROKEN: {why}"} for name, why in broken().items()]
    return rows


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".")


def _mappings(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from hub.config.mapping_files import SHIPPED, find_mapping, mapping_names

    folders = configuration(arguments).hub.mappings if arguments.config.is_file() else ()
    rows = []
    for name in mapping_names(folders):
        file = find_mapping(name, folders)
        if file is not None:
            whose = "shipped with ctihub" if file.is_relative_to(SHIPPED) else "the site's own"
            rows.append(
                {"name": name, "from": whose, "tests": "" if file.with_suffix(".test.yaml").is_file() else "no tests"}
            )
    return rows


_SECTIONS = {"connectors": _connectors, "presets": _presets, "kinds": _kinds, "mappings": _mappings}
