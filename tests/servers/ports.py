"""Ports that nobody uses."""

import socket

LOOPBACK = "127.0.0.1"


def free_tcp_port(host: str = LOOPBACK) -> int:
    """Return a TCP port of `host` that was free a moment ago."""
    return _free_port(host, socket.SOCK_STREAM)


def free_udp_port(host: str = LOOPBACK) -> int:
    """Return a UDP port of `host` that was free a moment ago."""
    return _free_port(host, socket.SOCK_DGRAM)


def free_media_port(host: str) -> int:
    """Return a UDP port of `host` for audio, the one for video two above it being free too."""
    while True:
        port = free_udp_port(host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as video:
            try:
                video.bind((host, port + 2))
            except (OSError, OverflowError):
                continue  # taken, or beyond the last port there is: another pair then
            return port


def free_phone_ports(host: str) -> tuple[int, int]:
    """Return a port for SIP, free for UDP and TCP and the one above too (for TLS), and a TCP port beside those."""
    while True:
        port = free_udp_port(host)
        with socket.socket() as tcp, socket.socket() as tls:
            try:
                tcp.bind((host, port))
                tls.bind((host, port + 1))
            except (OSError, OverflowError):
                continue  # taken, or beyond the last port there is: another pair then
            return port, free_tcp_port(host)


def _free_port(host: str, kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
