"""The next page of a list: where it is, and that it is on the same host."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from connectors.base import ConnectorError
from connectors.quoting import linked_address, plain
from connectors.reply import Reply
from connectors.rows import Row
from hub.config.paging import Paging
from hub.domain.customer import Problem
from hub.domain.path import Path

# One link of a Link header (RFC 8288, 3): its address, then parameters, of which values may stand in quotes.
_LINK = re.compile(
    r'<([^<>]{0,8000})>((?:\s*;\s*[^\s=;,"<>]{1,100}(?:\s*=\s*(?:"[^"]{0,500}"|[^\s;,"]{1,500}))?){0,20})'
)
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
MAX_LINK_HEADER = 16_000


class Pages:
    """Walks through the pages of one request, whose address without paging is `url`."""

    def __init__(self, paging: Paging, url: URL) -> None:
        self._paging = paging
        self._url = url
        self._number = 0
        self._rows_before = 0
        self._seen: set[str] = set()

    def first(self) -> URL:
        """Return the first page's address."""
        return self._with(self._counted(self._paging))

    def next(self, reply: Reply, document: Any, rows: Sequence[Row]) -> URL | None:
        """Return the address of the page behind this one, None at the last one. Raises ConnectorError."""
        self._number += 1
        self._rows_before += len(rows)
        if self._number >= self._paging.max_pages:
            return None
        following = self._following(reply, document, rows)
        if following is None:
            return None
        if str(following) in self._seen or following == reply.url:
            raise ConnectorError(Problem.MALFORMED, "the pages go in circles: the next one was read already")
        self._seen.add(str(following))
        return following

    def _following(self, reply: Reply, document: Any, rows: Sequence[Row]) -> URL | None:
        paging = self._paging
        if paging.link:
            return self._on_this_host(next_link(reply.headers), reply)
        if paging.next is not None:
            found = next((value for value in Path(paging.next).read_all(document) if value not in ("", False)), None)
            if found is None:
                return None
            if paging.param is not None:
                return self._with({paging.param: plain(found)})
            return self._on_this_host(found, reply)
        return self._with(self._counted(paging)) if len(rows) >= (paging.size or 1) else None

    def _counted(self, paging: Paging) -> dict[str, str]:
        params: dict[str, str] = {}
        if paging.page is not None:
            params[paging.page] = str(paging.first + self._number)
        if paging.offset is not None:
            params[paging.offset] = str(self._rows_before)
        if paging.size_param is not None:
            params[paging.size_param] = str(paging.size)
        return params

    def _with(self, params: Mapping[str, str]) -> URL:
        return self._url.update_query(params) if params else self._url

    def _on_this_host(self, link: Any, reply: Reply) -> URL | None:
        """Return a link as an address, if it leads to where the request went."""
        if link is None:
            return None
        here = reply.url or self._url
        try:
            target = here.join(linked_address(link)) if isinstance(link, str) else URL()
            is_here = target.absolute and target.origin() in {here.origin(), self._url.origin()}
        except ValueError:
            target, is_here = URL(), False
        if not is_here:
            where = f"to {target.host}" if target.host else "to nowhere"
            message = f"the next page is said to be elsewhere ({where}): that is refused"
            raise ConnectorError(Problem.REFUSED, message)
        return target


def next_link(headers: Mapping[str, str]) -> str | None:
    """Return the address that a reply's Link headers give for rel="next"."""
    several = getattr(headers, "getall", None)
    for header in several("Link", []) if several else [headers.get("Link", "")]:
        for address, parameters in _LINK.findall(header[:MAX_LINK_HEADER]):
            for quoted, bare in _RELATION.findall(parameters):
                if "next" in (quoted or bare).lower().split():
                    return str(address)
    return None
