from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hub.config.inbound import InboundFeed

USUAL = {"host": "imap.example.com", "username": "service", "password": "secret"}


def feed(**imap: Any) -> InboundFeed:
    """Return a feed whose mailbox has these settings besides the usual ones."""
    return InboundFeed.model_validate({"mapping": "feeds/email", "format": "email", "imap": USUAL | imap})


@pytest.mark.parametrize(
    ("imap", "port"), [({}, 993), ({"tls": "starttls"}, 143), ({"tls": "none", "host": "::1"}, 143), ({"port": 9}, 9)]
)
def test_a_mailbox_has_the_usual_port(imap: dict[str, Any], port: int) -> None:
    """That of the way in which it is encrypted; a feed with a mailbox has no queue unless one is named."""
    made = feed(**imap)
    assert made.imap is not None
    assert (port, None) == (made.imap.port_used, made.queue_of("mail"))


@pytest.mark.parametrize(
    ("imap", "reason"),
    [
        ({"tls": "none"}, "readable"),
        ({"tls": "none", "host": "localhost", "ca_file": __file__}, "no certificate to check"),
        ({"folders": []}, "name a folder"),
        ({"sent_folders": ["INBOX"]}, "named once"),
        ({"folders": ["IN\r\nBOX"]}, "one line"),
        ({"password": "a\r\nb"}, "more"),
        ({"username": "a\nb"}, "one line"),
        ({"password": None}, "one of them"),
        (
            {"auth": {"type": "oauth2_client", "token_url": "https://t", "client_id": "c", "client_secret": "s"}},
            "one of",
        ),
    ],
)
def test_what_can_not_be_is_refused(imap: dict[str, Any], reason: str) -> None:
    """In words; a password never crosses a network readable."""
    with pytest.raises(ValidationError, match=reason):
        feed(**imap)


def test_a_mailbox_brings_mails() -> None:
    """Another format is refused, as are own addresses of one that has none, and what is no address."""
    with pytest.raises(ValidationError, match="`imap` is for `format: email`"):
        InboundFeed.model_validate({"mapping": "feeds/email", "imap": USUAL})
    with pytest.raises(ValidationError, match="`email` is for `format: email`"):
        InboundFeed.model_validate({"mapping": "feeds/email", "email": {}})
    with pytest.raises(ValidationError, match="must be an address"):
        InboundFeed.model_validate({"mapping": "m", "format": "email", "email": {"own_addresses": ["shop.example"]}})
