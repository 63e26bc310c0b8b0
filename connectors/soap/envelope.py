"""Envelopes coming back: parsed safely, faults told."""

from __future__ import annotations

import threading
from typing import Any

from lxml import etree

from connectors.base import ConnectorError
from connectors.documents import refuse_html
from connectors.reply import Reply
from connectors.soap.call import ENVELOPES
from connectors.soap.faults import FaultSigns, fault_error
from hub.domain.customer import Problem

_FIRST_ERROR = 300
_NAMESPACES = frozenset(ENVELOPES.values())


class _Parsers(threading.local):
    """A parser for each thread: two threads wait for each other at one."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


_PARSERS = _Parsers()


def read_envelope(reply: Reply, signs: FaultSigns) -> tuple[etree._Element | None, etree._Element]:
    """Return a reply's header, if it has one, and its body.

    Raises ConnectorError: fault, refused, throttled, malformed.
    """
    envelope = _parsed(reply)
    name = etree.QName(envelope)
    body = envelope.find(f"{{{name.namespace}}}Body")
    if name.localname != "Envelope" or name.namespace not in _NAMESPACES or body is None:
        raise ConnectorError(Problem.MALFORMED, f"the reply (HTTP {reply.status}) is XML, but no SOAP envelope")
    fault = body.find(f"{{{name.namespace}}}Fault")
    if fault is not None:
        raise fault_error(fault, signs)
    if reply.status >= _FIRST_ERROR:
        raise ConnectorError(Problem.FAULT, f"HTTP {reply.status} without a fault")
    return envelope.find(f"{{{name.namespace}}}Header"), body


def _parsed(reply: Reply) -> etree._Element:
    refuse_html(reply)
    if reply.media_type.startswith("multipart/"):
        raise ConnectorError(
            Problem.MALFORMED, "the reply has attachments (MTOM or SwA): have the backend send plain XML"
        )
    if not reply.body.strip():
        raise ConnectorError(Problem.MALFORMED, f"the reply is empty (HTTP {reply.status})")
    try:
        parsed = etree.fromstring(reply.body, _PARSERS.parser)
    except (etree.XMLSyntaxError, ValueError):
        kind = reply.media_type or "no media type"
        raise ConnectorError(
            Problem.MALFORMED, f"the reply is no well-formed XML (HTTP {reply.status}, {kind}, {len(reply.body)} bytes)"
        ) from None
    about: Any = parsed.getroottree().docinfo  # lxml-stubs don't know all that it tells
    if about.internalDTD is not None or about.doctype:
        raise ConnectorError(Problem.MALFORMED, "the reply holds a DTD: that is refused")
    return parsed
