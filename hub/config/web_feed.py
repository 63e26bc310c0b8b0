"""`inbound.FEED.web`: a web site whose signed-in visitors report what they look at, and ask to be called back."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from yarl import URL

from hub.config.names import Name
from hub.config.opening_hours import OpeningHours
from hub.config.patterned import NumberOrBeginning
from hub.config.pbx import QueueName
from hub.config.section import Section
from hub.domain.phone import is_region

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _origin(text: str) -> str:
    """Accept an origin as browsers write it in the header (RFC 6454, 6.2). Raises ValueError."""
    try:
        url = URL(text)
        origin = str(url.origin())
    except ValueError:
        url, origin = URL(), ""
    if not origin or text != origin or not text.isascii() or "*" in text:
        raise ValueError(
            "must be an origin as browsers send it: https://www.example.com, in small letters, without *, a path or a"
            " slash at the end, with a port only where it is not the usual one"
        )
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _LOOPBACK):
        raise ValueError("must begin with https:// (http:// is for localhost alone)")
    return text


def _country(text: str) -> str:
    if not is_region(text):
        raise ValueError('must be a two-letter country code in capitals, as in "DE" or "CN"')
    return text


Origin = Annotated[str, Field(max_length=300), AfterValidator(_origin)]
Country = Annotated[str, AfterValidator(_country)]
SiteSecret = Annotated[SecretStr, Field(min_length=32)]


class WebLimits(Section):
    """How much is taken: of one visitor, and from one address on the internet, which a whole office may share."""

    visits_per_minute: Annotated[int, Field(ge=1, le=1_000, description="Pages that one visitor reports")] = 30
    callbacks_per_hour: Annotated[int, Field(ge=1, le=100, description="Callbacks that one visitor asks for")] = 5
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000, description="Of all kinds, from one address")] = 300


class CallbackSection(Section):
    """Customers are called by the ready agents of `queue`; `agents` are those of them who alone do it, empty: all.

    Only ordinary numbers (no premium, shared cost or short ones) of `countries` are called, without any: of the
    country in `hub.region`. `not_called` are numbers, or beginnings of some, that are never called: the company's own,
    and those of people who do not want it. A customer who does not answer is called again after `retry_s`, `attempts`
    times in all; `expire_s` after it was asked for, or after the moment it was asked for, a callback is given up.
    `hours` None: at any time.
    """

    queue: QueueName
    pbx: Annotated[Name | None, Field(description="Where that queue is, if several have one of that name")] = None
    agents: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    countries: Annotated[tuple[Country, ...], Field(max_length=250)] = ()
    not_called: Annotated[tuple[NumberOrBeginning, ...], Field(max_length=10_000)] = ()
    hours: OpeningHours | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    retry_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    expire_s: Annotated[float, Field(ge=60, le=30 * 86_400)] = 86_400.0
    most: Annotated[int, Field(ge=1, le=10_000, description="Callbacks of this site that wait at the same time")] = 500


class WebFeed(Section):
    """What the snippet `/embed/visit.js` sends from pages of `origins`.

    `secret` is shared with the site's own server, which signs with it who the visitor is (a JWT, HS256); ids in that
    are of the feed's `system`. Of a page's address the parameters named in `query` are kept, no others.
    """

    origins: Annotated[tuple[Origin, ...], Field(min_length=1, max_length=50)]
    secret: SiteSecret
    visits: Annotated[bool, Field(description="Take what visitors look at; callbacks work without")] = True
    query: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=50)] = ()
    limits: WebLimits = WebLimits()
    callback: CallbackSection | None = None
