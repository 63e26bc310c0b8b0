"""Ports that nobody uses."""

import socket

LOOPBACK = "127.0.0.1"


def free_tcp_port(host: str = LOOPBACK) -> int:
    """Return a TCP port of `host` that was free a moment ago."""
    return _free_port(host, socket.SOCK_STREAM)


def free_udp_port(host: str = LOOPBACK) -> int:
    """Return a UDP port of `host` that was free a moment ago."""
    return _free_port(host, socket.SOCK_DGRAM)


def _free_port(host: str, kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
