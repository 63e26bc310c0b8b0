"""Mails that are made to do harm cost a bounded amount of work, and nothing else."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from hub.bus.formats import email_headers, email_parts, email_text
from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, found_in, records

FEED = feed_of(format="email")
FROM = b"From: a@example.com\n"


def read(raw: bytes) -> dict[str, Any]:
    (record,) = records(found_in(FEED, raw))
    assert isinstance(record, dict), record
    return record


def test_ten_thousand_parts() -> None:
    """No more are looked at than the limit, and what they say fits."""
    part = b"--b\nContent-Disposition: attachment; filename=x\n\nx\n"
    record = read(FROM + b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 10_000)
    assert email_parts.MAX_ATTACHMENTS == len(record["attachments"])


def test_parts_in_parts_in_parts() -> None:
    """Beyond some levels nothing is read, whatever the levels are called; the stack does not grow with them."""
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(5_000)
    )
    assert "" == read(FROM + nested + b"\ndeep")["text"]
    same = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 5_000
    assert isinstance(read(FROM + same)["text"], str)


def test_what_precedes_in_several_levels_is_read_once_a_level() -> None:
    """The work grows with the mail's size, not with that times its parts: counted in calls, not in seconds."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    raw = FROM + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n--bx\n" * 50_000
    sys.setprofile(count)
    try:
        read(raw)
    finally:
        sys.setprofile(None)
    assert calls < 10 * 50_000


def test_header_bombs() -> None:
    """Too many fields, endless ones, comments in comments: the rest of the mail is read, or refused in words."""
    with pytest.raises(RefusedError, match="neither From nor Date"):
        found_in(FEED, b"X: y\n" * email_headers.MAX_FIELDS + FROM + b"\nHello")
    many = read(FROM + b"To: " + b"b@example.com, c@example.com, " * 50_000 + b"\n\nHello")
    assert ("Hello", ["b@example.com", "c@example.com"]) == (many["text"], [one["address"] for one in many["to"]])
    assert read(b"From: " + b"(" * 100_000 + b"a@example.com\n\nHello")["from"] is None
    assert email_headers.MAX_SUBJECT == len(read(FROM + b"Subject: " + b"=?utf-8?q?a?= " * 2_500 + b"\n\n")["subject"])
    assert "Hello" == read(FROM + b"Content-Type: text/plain" + b"; a*0*=utf-8''x" * 20_000 + b"\n\nHello")["text"]


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 100_000 + b"deep",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>&a;",
        b"<" * 100_000,
        b"&" * 100_000,
        b"\x00<p>",
        b"",
    ],
)
def test_html_that_is_none(page: bytes) -> None:
    """Gives what words there are, and reads no file."""
    text = read(FROM + b"Content-Type: text/html\n\n" + page)["text"]
    assert len(text) <= email_text.MAX_TEXT
    assert "\0" not in text


@pytest.mark.parametrize("charset", ["nonsense", "utf-7", "idna", "rot13", "base64", "utf-16", "\0", "x" * 500])
def test_encodings_that_are_none(charset: str) -> None:
    """What can be read is read; half characters and control characters are left out."""
    headers = b'Content-Type: text/plain; charset="' + charset.encode() + b'"\n\n'
    text = read(FROM + headers + b"Hello\x00\x1b[31m\xed\xa0\x80 \xe2\x80\xae")["text"]
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_giant_text_is_cut() -> None:
    """And a giant attachment is told by its size."""
    assert email_text.MAX_TEXT == len(read(FROM + b"\n" + b"word " * 150_000)["text"] + " ")
    boundary = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: image/png\n"
    record = read(FROM + boundary + b"Content-Transfer-Encoding: base64\n\n" + b"QUJD\n" * 150_000 + b"--b--")
    assert ("Hello", 450_000) == (record["text"], record["attachments"][0]["size"])


@pytest.mark.parametrize("body", [b"hello", b"{}", b"<a/>", b"\x00" * 50, b": x\n\n", b"From", b"From a\nb: c\n"])
def test_what_is_no_mail_is_refused(body: bytes) -> None:
    """In words."""
    with pytest.raises(RefusedError, match="it is no e-mail"):
        found_in(FEED, body)
