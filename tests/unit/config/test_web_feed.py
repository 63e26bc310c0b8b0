"""What the configuration of a web site's visitors, and of calling them back, is checked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from pydantic import ValidationError

from hub.config.model import Config
from hub.config.opening_hours import OpeningHours
from hub.config.problem import ConfigError
from tests.unit.config.conftest import MINIMAL

Load = Callable[[str], Config]
SECRET = "0123456789abcdef0123456789abcdef"
SITE = MINIMAL + "inbound:\n  shop: {%s}\n"
WEB = f"origins: ['https://www.example.com'], secret: {SECRET}"


def test_a_site_is_configured(load: Load) -> None:
    """It needs no mapping, no broker and no token; what is not said has its default."""
    web = load(SITE % f"system: webshop, web: {{{WEB}, callback: {{queue: support}}}}").inbound["shop"].web
    assert web is not None
    assert web.callback is not None
    assert (True, (), 3, None) == (web.visits, web.query, web.callback.attempts, web.callback.hours)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (f"mapping: feeds/web_visit, web: {{{WEB}}}", "needs no `mapping`"),
        (f"format: csv, web: {{{WEB}}}", "needs no `format`"),
        (f"folder: {{path: /tmp}}, web: {{{WEB}}}", "needs no `folder`"),
        (f"web: {{origins: ['https://a.b'], secret: {SECRET[1:]}}}", "at least 32"),
        (f"web: {{origins: [], secret: {SECRET}}}", "origins"),
        (f"web: {{origins: ['*'], secret: {SECRET}}}", "must be an origin"),
        (f"web: {{origins: ['https://*.example.com/'], secret: {SECRET}}}", "must be an origin"),
        (f"web: {{origins: ['https://*.example.com'], secret: {SECRET}}}", "without *"),
        (f"web: {{origins: ['https://www.example.com/shop'], secret: {SECRET}}}", "must be an origin"),
        (f"web: {{origins: ['https://www.example.com:443'], secret: {SECRET}}}", "must be an origin"),
        (f"web: {{origins: ['http://www.example.com'], secret: {SECRET}}}", "must begin with https://"),
        (f"web: {{origins: ['null'], secret: {SECRET}}}", "must be an origin"),
        (f"web: {{{WEB}, callback: {{}}}}", "'queue' is missing"),
        (f"web: {{{WEB}, callback: {{queue: q, countries: [UK]}}}}", "two-letter country code"),
        (f"web: {{{WEB}, callback: {{queue: q, not_called: ['0351 555*']}}}}", "a number in international form"),
        (f"web: {{{WEB}, callback: {{queue: q, agents: [alise]}}}}", "there is no agent 'alise'; did you mean"),
        (f"web: {{{WEB}, callback: {{queue: q, pbx: mian}}}}", "there is no PBX 'mian'"),
        (
            f"web: {{{WEB}, callback: {{queue: q, hours: {{timezone: Europe/Berlin, open: [always]}}}}}}",
            "must be days and times",
        ),
        (
            f"web: {{{WEB}, callback: {{queue: q, hours: {{timezone: Berlin, open: [Mo 09:00-12:00]}}}}}}",
            "name of a time zone",
        ),
    ],
)
def test_a_site_that_can_not_be_used(load: Load, keys: str, message: str) -> None:
    """Each mistake is told in words; the secret is in none."""
    with pytest.raises(ConfigError) as error:
        load(SITE % keys)
    assert message in str(error.value)
    assert SECRET[1:] not in str(error.value)


def test_localhost_needs_no_encryption(load: Load) -> None:
    """A site that is being developed is reached by http on the developer's own machine."""
    keys = f"web: {{origins: ['http://localhost:3000', 'http://127.0.0.1:8000', 'http://[::1]:80'], secret: {SECRET}}}"
    with pytest.raises(ConfigError, match="must be an origin"):
        load(SITE % keys)
    assert load(SITE % keys.replace(":80'", ":8080'")).inbound["shop"].web is not None


def test_no_token_publishes_for_visitors(load: Load) -> None:
    """Who a visitor is the site's server signs: a machine's token hands nothing to such a feed."""
    tokens = "auth: {tokens: {crm: {token: tokentoken, may: [publish], feeds: [shop]}}}\n"
    with pytest.raises(ConfigError, match="takes what visitors of its site send"):
        load(SITE % f"web: {{{WEB}}}" + tokens)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-01-30T07:59:59+00:00", False),  # Friday, 08:59 in Berlin
        ("2026-01-30T08:00:00+00:00", True),
        ("2026-01-30T16:59:59+00:00", True),
        ("2026-01-30T17:00:00+00:00", False),
        ("2026-07-31T07:00:00+00:00", True),  # summer: 09:00
        ("2026-01-31T22:30:00+00:00", True),  # Saturday until midnight
        ("2026-01-31T23:00:00+00:00", False),
        ("2026-02-01T12:00:00+00:00", False),
    ],
)
def test_opening_hours(moment: str, is_open: bool) -> None:
    """They are the place's own, summer time included; the last minute is not in them."""
    hours = OpeningHours(timezone="Europe/Berlin", open=("Mo-Fr 09:00-18:00", "Sa 23:00-24:00"))
    assert is_open is hours.is_open(datetime.fromisoformat(moment))


def test_days_go_round_the_weekend() -> None:
    """Sa-Mo are three days."""
    hours = OpeningHours(timezone="Asia/Shanghai", open=("Sa-Mo 00:00-24:00",))
    days = [f"2026-01-{day}T12:00:00+08:00" for day in (23, 24, 25, 26, 27)]
    assert [False, True, True, True, False] == [hours.is_open(datetime.fromisoformat(day)) for day in days]


@pytest.mark.parametrize("span", ["Mo 18:00-09:00", "Mo 09:00-24:01", "mo 09:00-10:00", "Mo-Xx 09:00-10:00", ""])
def test_spans_that_are_none(span: str) -> None:
    """What is no span of a day is refused."""
    with pytest.raises(ValidationError):
        OpeningHours(timezone="Europe/Berlin", open=(span,))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-01-30T12:00:00+00:00", "2026-01-30T12:00:00+00:00"),
        ("2026-01-30T03:00:00+00:00", "2026-01-30T08:00:00+00:00"),
        ("2026-01-30T17:30:00+00:00", "2026-02-02T08:00:00+00:00"),
        ("2026-03-27T18:00:00+00:00", "2026-03-30T07:00:00+00:00"),  # summer time has begun
    ],
)
def test_when_it_opens_next(moment: str, opens: str) -> None:
    """Within the hours that is now, else the begin of the next span, over the weekend and over summer time."""
    hours = OpeningHours(timezone="Europe/Berlin", open=("Mo-Fr 09:00-12:00", "Mo-Fr 13:00-18:00"))
    assert datetime.fromisoformat(opens) == hours.next_open(datetime.fromisoformat(moment))


def test_open_once_a_week() -> None:
    """A moment after the only span is followed by the same one a week later."""
    hours = OpeningHours(timezone="Europe/Berlin", open=("Fr 09:00-10:00",))
    later = hours.next_open(datetime.fromisoformat("2026-01-30T12:00:00+00:00"))
    assert datetime.fromisoformat("2026-02-06T08:00:00+00:00") == later


def test_queues_that_are_named_are_those_of_the_pbx(load: Load) -> None:
    """Agents' and those that call back; of several PBXs, where it is said which."""
    site = SITE % f"web: {{{WEB}, callback: {{queue: support}}}}"
    assert {"support"} == load(site).named_queues("main")
    two = site.replace("agents:", "  other: {host: o, username: hub, secret: s3cret-ami}\nagents:")
    two = two.replace("name: Alice", "name: Alice, pbx: main, queues: [sales]")
    assert {"sales"} == load(two).named_queues("main")
    named = two.replace("queue: support", "queue: support, pbx: other")
    assert ({"support"}, {"sales"}) == (load(named).named_queues("other"), load(named).named_queues("main"))
