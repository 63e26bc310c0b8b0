"""A feed as a SOAP service: reads a request, hands its message in, and answers with an acknowledgement or a fault."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog
from lxml import etree

from hub.bus.soap.envelope import (
    Addressing,
    Envelope,
    MediaType,
    addressing,
    check_understood,
    media_type,
    read_envelope,
    write_fault_reply,
    write_reply,
)
from hub.bus.soap.faults import FaultCode, SecurityCode, SoapFault, write_refused
from hub.bus.soap.names import DEFAULT_PUSH, PUSH, SOAP_11, local_name, tag_of
from hub.bus.soap.own_schema import answers_schema, own_schema
from hub.bus.soap.own_types import MESSAGE_ID, OWN_MESSAGES
from hub.bus.soap.security import TokenCheck
from hub.bus.soap.site_schema import SchemaDocument, load_site_schema
from hub.bus.soap.validation import Validator
from hub.bus.soap.wsdl import action_of, imports, inline, schema_file, write_wsdl
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage, Receipt, Transport, UnknownFeedError
from hub.domain.ports import Reception, StoreError
from hub.domain.soap import SoapReply, SoapRequest

log = structlog.get_logger(__name__)

SMALL_BYTES: Final = 32 * 1024
"""A request up to this size is read on the event loop, a larger one in a thread."""
MAX_LARGE: Final = 2
"""Larger ones that are read at the same time: a tree takes several times the room of its text."""


class SoapService:
    """`hub.domain.ports.SoapFeed` of one feed."""

    def __init__(self, name: str, feed: InboundFeed, reception: Reception) -> None:
        """Read the feed's schema. Raises ConfigError."""
        if feed.soap is None:
            raise ValueError(f"feed {name} has no `soap`")
        self._name = name
        self._reception = reception
        self._large = asyncio.Semaphore(MAX_LARGE)
        self._tokens = TokenCheck(feed.soap.login)
        self._documents: tuple[SchemaDocument, ...] = ()
        if feed.soap.xsd is None:
            self._messages: tuple[str, ...] = tuple(f"{{{PUSH}}}{message.name}" for message in OWN_MESSAGES)
            self._validator = Validator(own_schema())
        else:
            site = load_site_schema(Path(feed.soap.xsd), feed.soap.elements)
            self._documents, self._messages, self._validator = site.documents, site.elements, site.validator
        self._actions = {action_of(name, local_name(tag)): tag for tag in self._messages}

    def wsdl(self, address: str) -> bytes:
        """Return the WSDL, with `address` as where to send to."""
        return write_wsdl(self._name, self._messages, self._schemas(address), address=address)

    def schema(self, index: int, address: str) -> bytes | None:
        """Return a schema that the WSDL names by its place, None if there is none."""
        if not 0 <= index < len(self._documents):
            return None
        return schema_file(self._documents[index], address=address)

    async def answer(self, request: SoapRequest) -> SoapReply:
        """Answer a request; whatever goes wrong is a fault."""
        media = media_type(request.content_type)
        if media is None:
            reason = "SOAP goes as text/xml (1.1) or application/soap+xml (1.2), without attachments."
            return _fault_reply(MediaType(SOAP_11, None, ""), SoapFault(FaultCode.SENDER, reason), None)
        exchange = _Exchange()
        try:
            if len(request.body) > SMALL_BYTES:
                async with self._large:
                    message = await asyncio.to_thread(self._read, request, media, exchange)
            else:
                message = self._read(request, media, exchange)
            receipt = await self._reception.take(self._name, message)
        except SoapFault as fault:
            log.info("soap_refused", feed=self._name, code=fault.code.name.lower(), security=fault.security)
            return _fault_reply(media, fault, exchange.addressing)
        except (StoreError, UnknownFeedError) as error:
            log.error("soap_not_taken", feed=self._name, reason=str(error))  # noqa: TRY400 - the reason says it all
            not_now = SoapFault(FaultCode.RECEIVER, "Nothing can be stored now. Send it again soon.")
            return _fault_reply(media, not_now, exchange.addressing)
        except Exception:
            log.exception("soap_failed", feed=self._name)
            mistake = SoapFault(FaultCode.RECEIVER, "The hub made a mistake. It is in the hub's log.")
            return _fault_reply(media, mistake, exchange.addressing)
        operation = local_name(exchange.operation)
        if receipt.dead and not receipt.recorded + receipt.duplicates:
            return _fault_reply(media, _nothing_understood(receipt), exchange.addressing)
        action = f"{action_of(self._name, operation)}Response"
        body = write_reply(media.version, _acknowledgement(operation, receipt), exchange.addressing, action)
        return SoapReply(
            status=200, content_type=f"{media.version.media_type}; charset=utf-8", body=body, is_stored=True
        )

    def _schemas(self, address: str) -> Sequence[etree._Element]:
        if not self._documents:
            return [copy.deepcopy(own_schema())]
        answers = answers_schema([local_name(tag) for tag in self._messages])
        can_stand_inside = all(
            link.tag.endswith("}import") for document in self._documents for link, _ in document.links
        )
        if can_stand_inside:
            return [*map(inline, self._documents), answers]
        return [imports(self._documents, address=address), answers]

    def _read(self, request: SoapRequest, media: MediaType, exchange: _Exchange) -> InboundMessage:
        """Return what a request hands in. Raises SoapFault."""
        envelope = read_envelope(request.body, media)
        check_understood(envelope)
        exchange.addressing = addressing(envelope)
        self._tokens.check(envelope, authenticated=request.authenticated)
        payload = envelope.payload
        exchange.operation = tag_of(payload)
        if exchange.operation not in self._messages:
            known = ", ".join(local_name(tag) for tag in self._messages)
            raise SoapFault(FaultCode.SENDER, f"This feed takes {known}; {exchange.operation!r} is none of these.")
        self._check_action(request, media, exchange.operation)
        violations = self._validator.violations(payload)
        if violations:
            first = violations[0]
            reason = f"The message does not fit the schema (line {first.line}): {first.reason}"
            raise SoapFault(FaultCode.SENDER, reason, violations=violations)
        return InboundMessage(
            body=etree.tostring(payload, xml_declaration=True, encoding="utf-8", with_tail=False),
            transport=Transport.SOAP,
            id=self._message_id(request, envelope, exchange.addressing),
            content_type="application/xml; charset=utf-8",
        )

    def _check_action(self, request: SoapRequest, media: MediaType, operation: str) -> None:
        """Refuse a request whose action names another operation than the message in it."""
        named = (media.action or request.action).strip().strip('"')
        if self._actions.get(named, operation) != operation:
            message = f"The action is that of another operation than the message, {local_name(operation)}."
            raise SoapFault(FaultCode.SENDER, message)

    def _message_id(self, request: SoapRequest, envelope: Envelope, to: Addressing | None) -> str:
        own = "" if self._documents else (envelope.payload.findtext(f"{{{PUSH}}}{MESSAGE_ID}") or "").strip()
        return own or (to.message_id if to else "") or request.message_id


class _Exchange:
    """What is known of a request so far, for the reply, whatever goes wrong later."""

    def __init__(self) -> None:
        self.addressing: Addressing | None = None
        self.operation = ""


def soap_services(feeds: Mapping[str, InboundFeed], reception: Reception) -> dict[str, SoapService]:
    """Make the services of those feeds that have `soap`. Raises ConfigError."""
    return {name: SoapService(name, feed, reception) for name, feed in feeds.items() if feed.soap is not None}


def _fault_reply(media: MediaType, fault: SoapFault, to: Addressing | None) -> SoapReply:
    return SoapReply(
        status=fault.status(media.version),
        content_type=f"{media.version.media_type}; charset=utf-8",
        body=write_fault_reply(media.version, fault, to),
        is_stored=bool(fault.refused),
        were_wrong=fault.security in {SecurityCode.WRONG, SecurityCode.INVALID},
    )


def _nothing_understood(receipt: Receipt) -> SoapFault:
    first = receipt.refused[0]
    where = f", field {first.field}" if first.field else ""
    reason = (
        f"The message could not be understood{where}: {first.reason}. It is kept as dead letter {first.dead_letter}."
    )
    return SoapFault(FaultCode.SENDER, reason, refused=receipt.refused)


def _acknowledgement(operation: str, receipt: Receipt) -> etree._Element:
    element = etree.Element(f"{{{PUSH}}}{operation}Response", nsmap=DEFAULT_PUSH)
    for name, count in (
        ("recorded", receipt.recorded),
        ("duplicates", receipt.duplicates),
        ("dead", receipt.dead),
    ):
        etree.SubElement(element, f"{{{PUSH}}}{name}").text = str(count)
    for event in receipt.events:
        etree.SubElement(element, f"{{{PUSH}}}event").text = event
    write_refused(element, receipt.refused)
    return element
