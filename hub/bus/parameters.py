"""How the broker is reached, from the `bus:` section."""

from __future__ import annotations

import ssl
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pika

from hub.bus.errors import BrokerError
from hub.config.model import BusSection

HEARTBEAT_S: Final = 20
CONNECT_TIMEOUT_S: Final = 10
BLOCKED_TIMEOUT_S: Final = 300
_PORTS: Final = {"amqp": 5672, "amqps": 5671}


def broker_parameters(section: BusSection, purpose: str) -> Any:
    """Return pika's connection parameters; `purpose` is what the broker's own screens show for the connection.

    Raises BrokerError when the file of certificate authorities can't be used.
    """
    url = urlsplit(section.url.get_secret_value())
    host = url.hostname or ""  # never empty: the configuration's model sees to that
    return pika.ConnectionParameters(
        host=host,
        port=url.port or _PORTS[url.scheme],
        virtual_host=unquote(url.path[1:]) or "/",
        credentials=pika.PlainCredentials(unquote(url.username or "guest"), unquote(url.password or "guest")),
        ssl_options=_tls(section, host) if url.scheme == "amqps" else None,
        heartbeat=HEARTBEAT_S,
        blocked_connection_timeout=BLOCKED_TIMEOUT_S,
        socket_timeout=CONNECT_TIMEOUT_S,
        stack_timeout=CONNECT_TIMEOUT_S,
        connection_attempts=1,
        client_properties={"product": "ctihub", "connection_name": f"ctihub {purpose}"},
    )


def _tls(section: BusSection, host: str) -> Any:
    try:
        context = ssl.create_default_context(cafile=section.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BrokerError(f"bus.ca_file {section.ca_file}: can't be read as certificates in PEM: {error}") from error
    return pika.SSLOptions(context, host)
