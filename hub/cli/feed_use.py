"""Whether what a feed's mapping reads is there: in formats whose fields the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.config.document import Document, read_document
from hub.config.inbound import InboundFeed
from hub.config.problem import Problem
from hub.config.wording import nearest
from hub.domain.path import compiled
from hub.mapping.sources import sources_of


def feed_problems(name: str, feed: InboundFeed, mapping: Path, site: Document) -> Iterator[Problem]:
    """Find paths of a feed's mapping (one that loads), and of its `id`, that no column or field of its records has."""
    known = _known(feed)
    if known is None:
        return
    what = "column" if feed.format == "csv" else "field"
    if feed.id is not None and (first := compiled(feed.id).first) not in known:
        place = site.value_place(("inbound", name, "id"))
        yield site.problem(place, f"there is no {what} {first!r}{nearest(str(first), known)}")
    sources = [source for source in sources_of(read_document(mapping)) if source.names]
    there = {source.place for source in sources if source.names and source.names[0] in known}
    told: set[str] = set()
    for source in sources:
        first = source.names[0] if source.names else ""
        if there.isdisjoint(source.among) and first not in told:
            told.add(first)
            message = (
                f"mapping {feed.mapping!r} reads {source.path!r} for the field {source.field!r}, but the feed has no "
                f"{what} {first!r}{nearest(first, known)}"
            )
            yield site.problem(site.value_place(("inbound", name, "mapping")), message)


def _known(feed: InboundFeed) -> list[str] | None:
    """Return the names of a record's fields; None where the messages alone tell."""
    if feed.fixed_width is not None:
        return list(feed.fixed_width.fields)
    return list(feed.csv.columns) if feed.format == "csv" and not feed.csv.header else None
