"""Which entity sets a service has, as `ctihub check` asks it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode

from yarl import URL

from connectors.base import ConnectorError
from connectors.documents import read_json, refuse_html
from connectors.http import HttpClient
from connectors.wording import refusal
from hub.config.wording import counted, nearest
from hub.domain.customer import Problem

_ENTITY_SET = re.compile(rb"<(?:\w+:)?EntitySet\s[^>]{0,2000}?\bName=[\"']([^\"']{1,200})[\"']")
_MISSING = frozenset({403, 404})


async def offered(
    http: HttpClient,
    address: str,
    service: str,
    wanted: Collection[str],
    *,
    params: Mapping[str, str],
    version: str,
    headers: Mapping[str, str],
    may_be_absent: bool,
) -> str:
    """Return a short fact about a service that has all the entity sets wanted. Raises ConnectorError.

    V2 is read from `$metadata`. That of V4 can be huge (Dataverse's has several MB): its service document is read, and
    `$metadata` only where there is none.
    """
    query = urlencode(params, quote_via=quote)
    tail = f"?{query}" if query else ""
    sets = await _from_document(http, URL(f"{address}/{tail}", encoded=True), headers) if version == "v4" else []
    if not sets:
        metadata = URL(f"{address}/$metadata{tail}", encoded=True)
        found = await _from_metadata(http, metadata, service, may_be_absent=may_be_absent)
        if found is None:
            return f"{service} is not there, or not for this user"
        sets = found
    for entity in sorted(set(wanted) - set(sets)):
        raise ConnectorError(
            Problem.FAULT, f"{service or 'the service'} has no entity set {entity!r}{nearest(entity, sets)}"
        )
    return f"{service} {counted(len(sets), 'entity set')}".strip()


async def _from_document(http: HttpClient, url: URL, headers: Mapping[str, str]) -> list[str]:
    """Read the service document; nothing if the service has none that can be read."""
    reply = await http.send("GET", url, headers=headers)
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        return []
    try:
        document = await read_json(reply)
    except ConnectorError as error:
        if error.problem is Problem.MALFORMED:
            return []
        raise
    listed = document.get("value") if isinstance(document, dict) else None
    items = listed if isinstance(listed, list) else []
    names = [item.get("name") for item in items if isinstance(item, dict) and item.get("kind") in {None, "EntitySet"}]
    return sorted({name for name in names if isinstance(name, str)})


async def _from_metadata(http: HttpClient, url: URL, service: str, *, may_be_absent: bool) -> list[str] | None:
    reply = await http.send(
        "GET", url, headers={"Accept": "application/xml"}, answers=_MISSING if may_be_absent else ()
    )
    if may_be_absent and reply.status in _MISSING:
        return None
    if reply.status >= 300:  # noqa: PLR2004 - neither success nor redirect
        appended = f"{service}/$metadata".lstrip("/")
        raise ConnectorError(Problem.FAULT, refusal(reply.status, "the service does not describe itself", appended))
    refuse_html(reply)
    if b"Edmx" not in reply.body:
        raise ConnectorError(Problem.MALFORMED, f"$metadata of {service or 'the service'} is no OData metadata")
    return sorted({name.decode("utf-8", "replace") for name in _ENTITY_SET.findall(reply.body)})
