"""A SOAP request as HTTP brings it, and what goes back; both versions of the protocol (1.1 and 1.2)."""

from __future__ import annotations

import msgspec


class SoapRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`content_type` and `action` (SOAPAction) are the headers as they came, `message_id` what they say of an id.

    `authenticated` says that HTTP already showed who sends; else the message has to.
    """

    body: bytes
    content_type: str
    action: str = ""
    message_id: str = ""
    authenticated: bool = False


class SoapReply(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope with an acknowledgement or a fault.

    `is_stored` says that something of the message is durable, be it as a dead letter, `were_wrong` that the sender's
    credentials were.
    """

    status: int
    content_type: str
    body: bytes
    is_stored: bool = False
    were_wrong: bool = False
