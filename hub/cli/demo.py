"""`ctihub demo`: the main job before one's eyes, without a PBX or a backend of one's own."""

from __future__ import annotations

import argparse

_LAST_PORT = 65535


def configure(parser: argparse.ArgumentParser) -> None:
    where = (
        "where the page to open listens; 0 takes a free port (without this: 8088, or a free one where that is taken)"
    )
    parser.add_argument("--port", type=_port, help=where)


def run(arguments: argparse.Namespace) -> int:
    from hub.demo.main import run_demo

    return run_demo(port=arguments.port)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"'{text}' is no port: a number from 0 to {_LAST_PORT}")
    return int(text)
