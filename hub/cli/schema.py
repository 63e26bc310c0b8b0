"""`ctihub schema`: what editors need to complete and check the files that an integrator writes."""

from __future__ import annotations

import argparse
import json

from hub.cli.outcome import FINE

_WHAT = ("config", "mapping", "mapping-test", "rule", "rule-test", "preset", "events", "asyncapi")
_EXAMPLES = """\
JSON Schema, draft 2020-12. The kinds of connectors of other packages are in it, so print it where these are installed.
An editor knows it by a first line in the file (VS Code's YAML extension, and others with yaml-language-server):
  # yaml-language-server: $schema=./ctihub.schema.json

examples:
  ctihub schema > ctihub.schema.json                     of ctihub.yaml
  ctihub schema mapping > mapping.schema.json            of a mapping
  ctihub schema mapping-test > mapping-test.schema.json  of the cases beside it
  ctihub schema rule > rule.schema.json                  of a rule of proposals (anticipation/NAME.yaml)
  ctihub schema events                                   of the events on the bus and in /api/v1/events
  ctihub schema asyncapi                                 of the bus, the stream and the desk (AsyncAPI 3)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="?", choices=_WHAT, default="config", metavar="WHAT", help=f"one of {', '.join(_WHAT)} (config)"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    from hub.cli.schemas import schema_of

    print(json.dumps(schema_of(arguments.what), ensure_ascii=False, indent=2))
    return FINE
