"""The server that a token's answer names as the one that the account lives on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yarl import URL

from connectors.base import ConnectorError
from hub.config.http_access import Instance
from hub.domain.customer import Problem


def instance_origin(answer: Mapping[str, Any], instance: Instance, configured: URL) -> URL | None:
    """Return scheme, host and port that the answer names, None if it names none.

    Raises ConnectorError (refused) for a server that the configuration does not allow: the token would go there.
    """
    text = answer.get(instance.field)
    if text in (None, ""):
        return None
    try:
        named = URL(text).origin() if isinstance(text, str) else None
    except ValueError:
        named = None
    if named is None or not named.host:
        raise ConnectorError(Problem.MALFORMED, f"{instance.field} of the answer is no address")
    if named == configured.origin():
        return named
    if named.scheme != configured.scheme:
        raise ConnectorError(
            Problem.REFUSED, f"{instance.field} of the answer is an address with {named.scheme}, not as the url"
        )
    if not any(_allows(rule, named) for rule in instance.hosts):
        place = named.host if named.is_default_port() else f"{named.host}:{named.port}"
        raise ConnectorError(
            Problem.REFUSED,
            f"{instance.field} of the answer names {place[:100]}, which the configuration does not allow: if it is "
            "right, add it to auth.instance.hosts",
        )
    return named


def _allows(rule: str, named: URL) -> bool:
    host, _, port = rule.partition(":")
    own = (named.host or "").lower().rstrip(".")
    port_fits = named.port == int(port) if port else bool(named.is_default_port())
    return port_fits and (own.endswith(host) if host.startswith(".") else own == host)
