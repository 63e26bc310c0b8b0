"""Mails as programs write them: who, when, what about, and the text without what was said before."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

import pytest

from tests.unit.bus.formats.reading import feed_of, found_in, found_in_file, records

FEED = feed_of(format="email", email={"own_addresses": ["service@shop.example", "@Shop.example"]})
USUAL = (
    "From: Petra Vogt <petra@example.com>\r\nTo: service@shop.example\r\nSubject: Order\r\n"
    "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"
)


def mail(body: str | bytes = "", *, headers: str = "", usual: str = USUAL) -> bytes:
    """Write a mail with these header lines besides the usual ones."""
    text = body.encode() if isinstance(body, str) else body
    return (usual + headers + "\r\n").encode() + text


def read(raw: bytes, **said: str) -> dict[str, Any]:
    """Return the one record that is found."""
    (record,) = records(found_in(FEED, raw, **said))
    assert isinstance(record, dict), record
    return record


def text_of(body: str | bytes, headers: str = "") -> str:
    """Return the text of a mail with that body."""
    text = read(mail(body, headers=headers))["text"]
    assert isinstance(text, str)
    return text


def test_a_plain_mail_is_one_record() -> None:
    """Who wrote it, to whom, when, what about, what in it; it is known by its Message-ID."""
    raw = mail(
        "Where is it?\r\n", headers="In-Reply-To: <0@shop.example>\r\nReferences: <9@a>\r\n <0@shop.example>\r\n"
    )
    (found,) = found_in(FEED, raw)
    petra = {"address": "petra@example.com", "name": "Petra Vogt"}
    expected = {
        "id": "<1@example.com>",
        "message_id": "<1@example.com>",
        "date": "2026-03-02T09:00:00+00:00",
        "from": petra,
        "reply_to": None,
        "to": [{"address": "service@shop.example", "name": ""}],
        "cc": [],
        "subject": "Order",
        "subject_codes": [],
        "text": "Where is it?",
        "whole_text": "Where is it?",
        "in_reply_to": "<0@shop.example>",
        "references": ["<9@a>", "<0@shop.example>"],
        "attachments": [],
        "size": len(raw),
        "is_cut": False,
        "auto_submitted": "",
        "precedence": "",
        "list_id": "",
        "is_automatic": False,
        "direction": "inbound",
        "customers": [petra],
    }
    assert (expected, "<1@example.com>", raw) == (found.record, found.known_by, found.original)


def test_a_mail_without_an_id_is_known_by_what_it_says() -> None:
    """Whatever servers have written above it on the way; another text is another mail."""
    usual = USUAL.replace("Message-ID: <1@example.com>\r\n", "")
    first, again, other = (
        read(mail(text, usual=way + usual))["id"]
        for way, text in (("", "Hello"), ("Received: from a by b\r\n", "Hello"), ("", "Goodbye"))
    )
    assert first.startswith("sha256:")
    assert (first, True) == (again, other != first)


@pytest.mark.parametrize(
    ("sender", "receiver", "direction", "customers"),
    [
        ("petra@example.com", "service@shop.example", "inbound", ["petra@example.com"]),
        ("service@shop.example", "Petra <petra@example.com>, boss@shop.example", "outbound", ["petra@example.com"]),
        ("Bot <NO-REPLY@SHOP.EXAMPLE>", "petra@example.com", "outbound", ["petra@example.com"]),
    ],
)
def test_the_others_in_a_mail_are_the_customers(
    sender: str, receiver: str, direction: str, customers: list[str]
) -> None:
    """Of a mail of one's own those whom it went to, of any other the sender."""
    record = read(mail(usual=f"From: {sender}\r\nTo: {receiver}\r\n"))
    assert (direction, customers) == (record["direction"], [one["address"] for one in record["customers"]])


def test_a_mail_among_colleagues_is_passed_over() -> None:
    """Nobody but the company takes part; and what a mailbox got with such a sender is no mail to the customer."""
    assert [] == found_in(FEED, mail(usual="From: a@shop.example\r\nTo: b@shop.example\r\n"))
    forged = mail(usual="From: a@shop.example\r\nTo: petra@example.com\r\n")
    assert [] == found_in(FEED, forged, mail_direction="inbound")
    assert "outbound" == read(forged, mail_direction="outbound")["direction"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("=?utf-8?B?5byg5Lyf?= <li@example.com>", "张伟"),
        ("=?GB2312?B?1cXOsA==?= <li@example.com>", "张伟"),
        ("=?gb18030?Q?=D5=C5?= =?gb18030?Q?=CE=B0?= <li@example.com>", "张伟"),
        ("=?utf-8?B?5byg5L==?= =?utf-8?Q?=BC=9F?= <li@example.com>", "张伟"),
        ("=?iso-2022-jp?B?GyRCOjRGIxsoQg==?= <li@example.com>", "佐藤"),
        ("=?windows-1252?Q?J=FCrgen_=80?= <li@example.com>", "Jürgen €"),
        ("=?iso-8859-1*de?Q?J=FCrgen?= Vogt <li@example.com>", "Jürgen Vogt"),
        ('"Vogt, =?utf-8?q?Petra?=" <li@example.com>', "Vogt, Petra"),
        ("=?no-such?Q?a=C3=A4?= <li@example.com>", "aä"),
        ("=?utf-8?Q?boss=40shop.example=2C_x?= <li@example.com>", "boss@shop.example, x"),
    ],
)
def test_names_are_decoded(field: str, expected: str) -> None:
    """In any encoding, broken in the middle of a character, and never into another address."""
    (sender,) = [read(mail(usual=f"From: {field}\r\n"))["from"]]
    assert {"address": "li@example.com", "name": expected} == sender


def test_fields_with_bare_bytes_are_read() -> None:
    """In UTF-8, or in what the mail's text is in."""
    utf_8 = "From: li@example.com\nSubject: 订单\n\n".encode()
    gbk = "From: li@example.com\nSubject: 订单\nContent-Type: text/plain; charset=gbk\n\n您好".encode("gbk")
    assert ["订单", "订单"] == [read(raw)["subject"] for raw in (utf_8, gbk)]
    assert "您好" == read(gbk)["text"]


@pytest.mark.parametrize(
    ("charset", "text"),
    [("gb18030", "您好𠮷"), ("iso-2022-jp", "佐藤です"), ("windows-1252", "€ „Grüße“"), ("iso-8859-1", "“smart”"),
     ("shift_jis", "①株式"), ("big5", "您好"), ("koi8-r", "Привет"), ("utf-8", "ÄÖÜ"), ("us-ascii", "ÄÖÜ")],
)  # fmt: skip
@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable"])
def test_text_in_any_encoding_is_read(charset: str, text: str, transfer: str) -> None:
    """Also where a program names the smaller encoding than it uses, or names ASCII and means UTF-8."""
    used = {"iso-8859-1": "cp1252", "shift_jis": "cp932", "us-ascii": "utf-8"}.get(charset, charset)
    raw = text.encode(used)
    encoded = raw
    if transfer == "base64":
        encoded = base64.encodebytes(raw)
    elif transfer == "quoted-printable":
        encoded = "".join(f"={byte:02X}" for byte in raw).encode()
    headers = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {transfer}\r\n"
    assert text == text_of(encoded, headers)


def test_plain_text_counts_before_html() -> None:
    """Whichever stands first; attachments are told by name, type and size, without their content."""
    message = EmailMessage()
    message["From"] = "petra@example.com"
    message.set_content("Plain words")
    message.add_alternative("<p>Rich words</p>", subtype="html")
    message.add_attachment(b"x" * 3_000, maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    record = read(message.as_bytes())
    assert "Plain words" == record["text"]
    (attachment,) = record["attachments"]
    assert ("Rechnung März.pdf", "application/pdf") == (attachment["name"], attachment["type"])
    assert 3_000 == pytest.approx(attachment["size"], abs=3)


def test_html_alone_becomes_words() -> None:
    """Blocks are lines, scripts and styles nothing, entities characters; nothing is fetched."""
    page = (
        "<html><head><title>T</title><style>p {}</style></head><body><p>Dear&nbsp;team,<br>it is <b>late</b>.</p>"
        "<ul><li>one<li>two</ul><script>alert(1)</script><!-- no --><img src='http://192.0.2.1/pixel'>"
        "<table><tr><td>A</td><td>B &amp; C</td></tr></table></body></html>"
    )
    text = text_of(page, "Content-Type: text/html; charset=utf-8\r\n")
    assert ["Dear team,", "it is late.", "- one", "- two", "A B & C"] == [line for line in text.split("\n") if line]


def test_a_mail_within_a_mail_is_attached() -> None:
    """A forwarded mail's words are not the sender's, and a file's name is without a path."""
    inner = EmailMessage()
    inner["From"] = "other@example.com"
    inner.set_content("Words of somebody else")
    outer = EmailMessage()
    outer["From"] = "petra@example.com"
    outer.set_content("See below")
    outer.add_attachment(inner)
    outer.add_attachment("a,b", subtype="csv", filename="../../etc/passwd")
    record = read(outer.as_bytes())
    assert "See below" == record["text"]
    assert [("", "message/rfc822"), ("passwd", "text/csv")] == [
        (attachment["name"], attachment["type"]) for attachment in record["attachments"]
    ]


def test_flowed_lines_are_joined() -> None:
    """As RFC 3676 has them, with what was quoted kept apart."""
    text = "A long \r\nline\r\nof it.\r\n> quoted \r\n> too\r\n> end\r\nMine\r\n"
    assert "A long line\nof it.\n> quoted too\n> end\nMine" == text_of(
        text, "Content-Type: text/plain; format=flowed\r\n"
    )


@pytest.mark.parametrize(
    "history",
    [
        "On Mon, 2 Mar 2026, Shop wrote:\n> Dear Petra,\n>\n> it comes.\n",
        "On Mon, 2 Mar 2026 at 10:00, Service of the Shop\n<service@shop.example> wrote:\n\n> it comes.\n",
        "Am 2.3.2026 schrieb Shop:\n> Sie kommt.\n",
        "2026年3月2日，商店写道：\n> 已发货\n",
        "-----Original Message-----\nFrom: Shop\nIt comes.\n",
        "----- Ursprüngliche Nachricht -----\nVon: Shop\n",
        "________________________________\nVon: Shop <service@shop.example>\nGesendet: Montag\nEs kommt.\n",
        "From: Shop\nSent: Monday\nTo: Petra\n\nIt comes.\n",
        "发件人: 商店\n发送时间: 2026年3月2日\n\n已发货\n",
        "-- \nPetra Vogt\nVogt GmbH\n",
        "Le 2 mars 2026, la boutique a écrit :\n> Elle arrive.\n\n-- \nPetra Vogt\n",
        "-- \nPetra Vogt\n\nAm 2.3.2026 schrieb Shop:\n> Sie kommt.\n",
    ],
)
def test_what_was_said_before_is_left_out(history: str) -> None:
    """Where a convention marks it; the whole text keeps it."""
    record = read(mail(f"It did not come.\n\n{history}"))
    assert "It did not come." == record["text"]
    assert history.strip().split("\n")[-1] in record["whole_text"]


@pytest.mark.parametrize(
    "text",
    [
        "> Did it come?\nNo.\n> When?\nNever.",
        "On Monday you wrote:\n> it comes\n\nIt did not.",
        "From: my house to yours\nit takes long.",
        "> only quoted",
        "a\n--\n" + "\n".join(f"line {number}" for number in range(30)),
    ],
)
def test_what_is_said_between_or_below_is_kept(text: str) -> None:
    """Nothing that the customer may have written is lost."""
    assert text == text_of(text)
    assert text == text_of(f"{text}\n-- \nPetra Vogt\n")


@pytest.mark.parametrize(
    ("date", "received", "expected"),
    [
        ("Mon, 2 Mar 2026 10:00:00 +0100", "2026-03-02T10:00:00+00:00", "2026-03-02T09:00:00+00:00"),
        ("Mon, 2 Mar 2026 10:00:00 -0000", "", "2026-03-02T10:00:00+00:00"),
        ("Mon, 2 Mar 2099 10:00:00 +0100", "2026-03-02T10:00:00+00:00", "2026-03-02T10:00:00+00:00"),
        ("Mon, 2 Mar 2099 10:00:00 +0100", "", None),
        ("yesterday", "2026-03-02T10:00:00+00:00", "2026-03-02T10:00:00+00:00"),
        ("Mon, 2 Mar 99999 10:00:00 +9999", "", None),
        ("", "", None),
    ],
)
def test_nobody_writes_in_the_future(date: str, received: str, expected: str | None) -> None:
    """The sender's date counts where it can be true, so that no mail stands above all others for ever."""
    raw = mail(usual=f"From: a@example.com\r\nDate: {date}\r\n")
    assert expected == read(raw, mail_received=received)["date"]


@pytest.mark.parametrize(
    ("header", "is_automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Precedence: bulk", True),
        ("List-Id: News <news.example.com>", True),
        ("X-Mailer: Auto", False),
    ],
)
def test_what_a_program_sent_is_told(header: str, is_automatic: bool) -> None:
    """For a mapping to leave out or to mark."""
    assert is_automatic is read(mail(headers=f"{header}\r\n"))["is_automatic"]


def test_numbers_in_the_subject_are_there_for_the_mapping() -> None:
    """Each word with a digit, without what stands around it."""
    raw = mail(usual="From: a@example.com\r\nSubject: AW: [CASE-4711] Order #17/2026, tel. +49 351.\r\n")
    assert ["CASE-4711", "17/2026", "49", "351"] == read(raw)["subject_codes"]


def test_a_file_is_a_mail_too() -> None:
    """With a line of an mbox before it or not; one that is too large is read from its beginning."""
    feed = feed_of(format="email", max_bytes=1_024)
    (found,) = found_in_file(feed, b"From petra@example.com Mon Mar  2\r\n" + mail("Hello"))
    assert ("Hello", False) == (found.record["text"], found.record["is_cut"])
    large = mail("word " * 1_000)
    (found,) = found_in_file(feed, large)
    assert (True, len(large), b"") == (found.record["is_cut"], found.record["size"], found.original)
    assert found.record["text"].startswith("word word")
