"""Pages that a visitor looked at become one line for each visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.desk.visitors import Visitor
from hub.desk.visits import MAX_PAGES, PageView, VisitReport, Visits
from hub.domain.interaction import Interaction

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PETRA = Visitor(site="shop", system="webshop", id="4711")


def looked(
    visits: Visits, *pages: tuple[str, float], at: timedelta = timedelta(), visit: str = "visit-0001"
) -> Interaction:
    """Report pages by title and how long ago; return the line."""
    views = tuple(PageView(url=f"https://www.example.com/{title}", title=title, ago_s=ago) for title, ago in pages)
    return visits.add(PETRA, VisitReport(visit=visit, consent=NOW, pages=views), views, NOW + at)


def test_a_visit_lasts_until_nothing_is_looked_at() -> None:
    """It grows as long as pages come; after half an hour of silence, or half a day, another one begins."""
    visits = Visits()
    first = looked(visits, ("a", 0))
    second = looked(visits, ("b", 0), at=timedelta(minutes=29))
    assert (first.id, "b", 29 * 60.0, "2") == (second.id, second.subject, second.duration_s, second.extra["pages"])
    third = looked(visits, ("c", 0), at=timedelta(minutes=60))
    assert first.id != third.id
    assert ("1", 0.0) == (third.extra["pages"], third.duration_s)
    ids = {looked(visits, ("d", 0), at=timedelta(minutes=60 + 25 * number)).id for number in range(40)}
    assert 2 == len(ids)


def test_pages_in_the_order_in_which_they_were_looked_at() -> None:
    """What is told together lies in order; what is told late does not go back behind what was told before."""
    visits = Visits()
    line = looked(visits, ("new", 1), ("old", 60))
    assert ["11:59:00Z old", "11:59:59Z new"] == line.text.splitlines()
    assert (59.0, "https://www.example.com/new") == (line.duration_s, line.url)
    late = looked(visits, ("late", 600), at=timedelta(seconds=2))
    assert "11:59:59Z late" == late.text.splitlines()[-1]
    assert late.at >= line.at


def test_bounded() -> None:
    """Of a long visit the last pages are told; of many visits the one that was quiet for longest is forgotten."""
    visits = Visits(limit=2)
    for number in range(MAX_PAGES + 5):
        line = looked(visits, (f"p{number}", 0))
    assert (MAX_PAGES, str(MAX_PAGES + 5)) == (len(line.text.splitlines()), line.extra["pages"])
    looked(visits, ("x", 0), visit="visit-0002")
    assert line.id == looked(visits, ("y", 0)).id
    looked(visits, ("z", 0), visit="visit-0003")
    assert "1" == looked(visits, ("x", 0), visit="visit-0002").extra["pages"]


def test_nothing_of_an_erased_visitor_is_told_again() -> None:
    """The next page begins another visit, without those before; other visitors' go on."""
    visits = Visits()
    first = looked(visits, ("secret", 0))
    visits.forget(["id:webshop:4712"])
    assert first.id == looked(visits, ("secret", 0)).id
    visits.forget(["tel:+4930123456", "id:webshop:4711"])
    after = looked(visits, ("new", 0))
    assert (True, False) == (first.id != after.id, "secret" in after.text)


def test_a_page_without_a_title() -> None:
    """Its path stands for it."""
    view = PageView(url="https://www.example.com/washers/w1?size=60")
    line = Visits().add(PETRA, VisitReport(visit="visit-0001", consent=NOW, pages=(view,)), (view,), NOW)
    assert "/washers/w1" == line.subject
