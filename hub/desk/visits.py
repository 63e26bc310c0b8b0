"""What a visitor looks at, put together: one line of the customer's contacts for each visit, not for each page."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from yarl import URL

from hub.desk.replies import ApiError
from hub.desk.visitors import Visitor
from hub.domain.event import new_id
from hub.domain.interaction import Channel, Interaction
from hub.domain.phone import clean_text

QUIET: Final = timedelta(minutes=30)
"""After so long without a page what follows is another visit."""

LONGEST: Final = timedelta(hours=12)
MAX_VISITS: Final = 10_000
MAX_PAGES: Final = 20
"""Pages of a visit that are told, the last of them."""

MAX_TITLE: Final = 300
MAX_URL: Final = 2_000
_OLDEST_S: Final = 3_600

Address = Annotated[str, msgspec.Meta(max_length=MAX_URL)]
Title = Annotated[str, msgspec.Meta(max_length=4 * MAX_TITLE)]


class PageView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A page that was looked at, `ago_s` seconds before it is told; `product` is what it shows, as the site calls it.

    Browsers' clocks are not to be relied on, so it is no time of day.
    """

    url: Address
    title: Title = ""
    product: Annotated[str, msgspec.Meta(max_length=200)] = ""
    ago_s: Annotated[float, msgspec.Meta(ge=0, le=_OLDEST_S)] = 0.0


class VisitReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the snippet sends: `visit` is an id of its own making, `consent` when the visitor agreed to this."""

    visit: Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
    consent: Annotated[datetime, msgspec.Meta(tz=True)]
    pages: Annotated[tuple[PageView, ...], msgspec.Meta(min_length=1, max_length=MAX_PAGES)]


def page_address(url: str, *, origins: Collection[str], parameters: Collection[str]) -> str:
    """Return a page's address without its fragment and all but these parameters. Raises ApiError 422."""
    try:
        address = URL(url)
        origin = str(address.origin())
    except ValueError:
        origin = ""
    if origin not in origins:
        raise ApiError(422, "not_of_this_site", "url: must be the whole address of a page of this site.")
    kept = [(name, clean_text(value, 200)) for name, value in address.query.items() if name in parameters]
    return str(address.with_user(None).with_fragment(None).with_query(kept))[:MAX_URL]


class _Visit:
    def __init__(self, visitor: Visitor, started_at: datetime) -> None:
        self.keys = frozenset(visitor.ref().keys())
        self.id = f"visit:{new_id()}"
        self.started_at = self.last_at = started_at
        self.count = 0
        self.pages: deque[tuple[datetime, PageView]] = deque(maxlen=MAX_PAGES)


class Visits:
    """The visits of the last half hour; memory is bounded. A hub that is started again begins new ones."""

    def __init__(self, *, limit: int = MAX_VISITS) -> None:
        self._limit = limit
        self._visits: OrderedDict[tuple[str, str, str], _Visit] = OrderedDict()

    def add(self, visitor: Visitor, report: VisitReport, pages: Sequence[PageView], now: datetime) -> Interaction:
        """Return the visit as it is with these pages, of which the addresses are as they may be kept."""
        key = (visitor.site, visitor.id, report.visit)
        visit = self._visits.pop(key, None)
        if visit is None or now - visit.last_at > QUIET or now - visit.started_at > LONGEST:
            visit = _Visit(visitor, now - timedelta(seconds=max(page.ago_s for page in pages)))
        for page in sorted(pages, key=lambda one: -one.ago_s):
            # Told later than another one, it was still looked at after those that were told before.
            visit.last_at = max(visit.last_at, now - timedelta(seconds=page.ago_s))
            visit.pages.append((visit.last_at, page))
            visit.count += 1
        self._visits[key] = visit
        if len(self._visits) > self._limit:
            self._visits.popitem(last=False)
        return _interaction(visitor, visit, report.consent)

    def forget(self, keys: Collection[str]) -> None:
        """Let go of the visits of whom these index keys name; a page that is told after that begins another."""
        for visit in [key for key, one in self._visits.items() if not one.keys.isdisjoint(keys)]:
            del self._visits[visit]


def _interaction(visitor: Visitor, visit: _Visit, consent: datetime) -> Interaction:
    newest = visit.pages[-1][1]
    lines = [f"{at:%H:%M:%S}Z {_title(page)}" for at, page in visit.pages]
    extra = {"pages": str(visit.count), "consent": consent.isoformat()}
    products = list(dict.fromkeys(clean_text(page.product, 200) for _, page in visit.pages if page.product))
    if products:
        extra["product"] = products[-1]
    return Interaction(
        id=visit.id,
        source=visitor.site,
        channel=Channel.WEB,
        at=visit.last_at,
        direction="inbound",
        subject=_title(newest),
        text="\n".join(lines),
        customer=visitor.ref(),
        url=newest.url,
        duration_s=(visit.last_at - visit.started_at).total_seconds(),
        extra=extra,
    )


def _title(page: PageView) -> str:
    return clean_text(page.title, MAX_TITLE) or URL(page.url).path
