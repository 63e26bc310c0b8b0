"""The next page of an answer: an address that the service gives, followed only to the service itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yarl import URL

from connectors.base import ConnectorError
from hub.domain.customer import Problem

MAX_LINK = 8_000


def next_address(asked: URL, link: Any, params: Mapping[str, str]) -> URL:
    """Return where the next page is, with the parameters that each request carries. Raises ConnectorError.

    A link may be relative to what was asked (OData 4.01 JSON, 4.6.3). One to another host, port or scheme is refused:
    it would carry the hub's sign-in there.
    """
    if not isinstance(link, str) or not 0 < len(link) <= MAX_LINK:
        raise ConnectorError(Problem.MALFORMED, "the link to the next page is no address")
    try:
        # The link is escaped already; what is not, is escaped now.
        target = asked.join(URL(link))
        origin = target.origin()
    except ValueError:
        raise ConnectorError(Problem.MALFORMED, "the link to the next page is no address") from None
    if origin != asked.origin() or target.user is not None or target.password is not None:
        raise ConnectorError(
            Problem.REFUSED,
            f"the next page is said to be at {origin.host}:{origin.port}, not at the service's own address: that is "
            "refused; give as `url` the address by which the service knows itself",
        )
    missing = {name: value for name, value in params.items() if name not in target.query}
    return target.update_query(missing) if missing else target
