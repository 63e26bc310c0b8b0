"""`ctihub demo`: the main job before one's eyes, without a PBX or a backend of one's own."""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8088, help="where the page to open listens (8088; 0: a free one)")


def run(arguments: argparse.Namespace) -> int:
    from hub.demo.main import run_demo

    return run_demo(port=arguments.port)
