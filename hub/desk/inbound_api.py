"""`/api/v1/inbound/{feed}`: what legacy systems push, as it is, or as SOAP where the feed is a SOAP service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from yarl import URL

from hub.config.inbound import InboundFeed
from hub.desk.access import Access, Caller
from hub.desk.feed_body import FeedBodies
from hub.desk.replies import ApiError, error_reply, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.senders import CHALLENGE, Proof, Senders
from hub.desk.signatures import Taking
from hub.domain.inbound import InboundMessage, Receipt, Transport, UnknownFeedError
from hub.domain.ports import Reception, SoapFeed, StoreError
from hub.domain.soap import SoapRequest

log = structlog.get_logger(__name__)

PATH = "/api/v1/inbound/{feed}"
RETRY_AFTER_S = "5"
_MAX_ID = 500
_IDEMPOTENCY_KEY = "Idempotency-Key"
_SOAP_MEDIA = frozenset({"text/xml", "application/soap+xml", "multipart/related"})
_SCHEMA_NUMBER = re.compile(r"[0-9]{1,4}")
_FEED = Parameter(name="feed", place="path", description="The feed's name under `inbound`.", schema={"type": "string"})


class InboundApi:
    """Hands messages to `Reception`, once it is shown that their sender may."""

    def __init__(
        self,
        *,
        feeds: Mapping[str, InboundFeed],
        soap: Mapping[str, SoapFeed],
        reception: Reception,
        senders: Senders,
        bodies: FeedBodies,
        public_url: str | None,
    ) -> None:
        self._feeds = feeds
        self._soap = soap
        self._reception = reception
        self._senders = senders
        self._bodies = bodies
        self._public_url = public_url

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path=PATH,
                access=Access.SENDER,
                handler=self._push,
                summary=(
                    "Hand in a message in the feed's format: 202 when anything in it was taken, 422 when nothing could"
                    " be understood, which is kept as a dead letter. A SOAP envelope where the feed has `soap`."
                ),
                status=202,
                body_media="*/*",
                reply=Receipt,
                results=(422,),
                parameters=(
                    _FEED,
                    Parameter(
                        name=_IDEMPOTENCY_KEY,
                        place="header",
                        description="The message's id, by which it is known when it comes again.",
                        schema={"type": "string", "maxLength": _MAX_ID},
                    ),
                ),
                errors=(400, 403, 404, 408, 409, 413, 415, 429, 503),
            ),
            Route(
                method="GET",
                path=PATH,
                access=Access.SENDER,
                handler=self._describe,
                summary="With `?wsdl` the description of a feed that is a SOAP service (WSDL 1.1).",
                reply=str,
                media="text/xml",
                parameters=(
                    _FEED,
                    Parameter(name="wsdl", description="Give it without a value.", schema={"type": "string"}),
                    Parameter(
                        name="xsd",
                        description="The number of a schema that the description names.",
                        schema={"type": "integer", "minimum": 0},
                    ),
                ),
                errors=(400, 403, 404, 429),
            ),
        )

    async def _push(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        feed = request.match_info["feed"]
        try:
            return await self._answer(request, feed)
        except ApiError as error:
            log.info("push_refused", feed=feed[:100], status=error.status, code=error.code)
            reply = error_reply(error)
            if not request.content.is_eof():
                reply.force_close()  # the rest of what is being sent would be taken for the next request
            return reply

    async def _answer(self, request: web.Request, feed: str) -> web.StreamResponse:
        self._senders.hold_back(request)
        proof = self._senders.proof(request, feed)
        section = self._feeds[feed]
        is_soap = feed in self._soap and request.content_type in _SOAP_MEDIA
        if not is_soap and not section.mapping:
            message = "This feed takes SOAP: text/xml (1.1) or application/soap+xml (1.2). Its description is at ?wsdl."
            raise ApiError(415, "not_soap", message)
        if not is_soap and proof is Proof.ENVELOPE:
            raise ApiError(401, "no_credentials", "This is for senders with credentials for this feed.", CHALLENGE)
        async with self._bodies.body(request, feed, section.max_bytes) as body:
            with ExitStack() as stack:
                taking = Taking()
                message_id, is_signed = _message_id(request, section)
                if proof is Proof.SIGNATURE:
                    check, signature = await self._senders.signature(request, feed, body)
                    has_unsigned_id = bool(message_id) and not is_signed
                    taking = stack.enter_context(check.taking(request, signature, has_unsigned_id=has_unsigned_id))
                if is_soap:
                    asked = SoapRequest(
                        body=body,
                        content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
                        action=request.headers.get("SOAPAction", ""),
                        message_id=message_id,
                        authenticated=proof is not Proof.ENVELOPE,
                    )
                    return await self._soap_reply(request, feed, asked, taking)
                return await self._take(request, feed, body, message_id)

    async def _take(self, request: web.Request, feed: str, body: bytes, message_id: str) -> web.StreamResponse:
        message = InboundMessage(
            body=body,
            transport=Transport.HTTP,
            id=message_id,
            content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
            headers=_said_of_the_body(request, self._feeds[feed]),
        )
        try:
            receipt = await self._reception.take(feed, message)
        except UnknownFeedError as error:
            raise ApiError(404, "unknown_feed", str(error)) from None
        except StoreError as error:
            log.error("push_not_taken", feed=feed, reason=str(error))  # noqa: TRY400 - the reason says it all
            words = "Nothing can be stored now. Send it again soon."
            raise ApiError(503, "store_unavailable", words, {"Retry-After": RETRY_AFTER_S}) from None
        nothing_understood = receipt.dead and not receipt.recorded + receipt.duplicates
        return json_reply(receipt, status=422 if nothing_understood else 202)

    async def _soap_reply(
        self, request: web.Request, feed: str, asked: SoapRequest, taking: Taking
    ) -> web.StreamResponse:
        answer = await self._soap[feed].answer(asked)
        taking.is_stored = answer.is_stored
        if answer.were_wrong:
            self._senders.were_wrong(request, feed)
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: answer.content_type}
        if answer.status == HTTPStatus.UNAUTHORIZED:
            headers |= CHALLENGE
        elif answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers[hdrs.RETRY_AFTER] = RETRY_AFTER_S
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _describe(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        """Show the WSDL to anyone: it says what messages look like, and the tools that import it bring no password."""
        feed = request.match_info["feed"]
        service = self._soap.get(feed)
        if service is None:
            self._senders.hold_back(request)
            self._senders.proof(request, feed)
            raise ApiError(404, "no_service", "This feed is no SOAP service: it takes what is sent with POST.")
        address = self._address(request)
        query = {name.lower(): value for name, value in request.query.items()}
        if "wsdl" in query or "singlewsdl" in query:
            return _xml(service.wsdl(address))
        number = query.get("xsd", "")
        schema = service.schema(int(number), address) if _SCHEMA_NUMBER.fullmatch(number) else None
        if schema is None:
            raise ApiError(404, "no_description", "The description of this service is at ?wsdl.")
        return _xml(schema)

    def _address(self, request: web.Request) -> str:
        """Return where this feed is sent to, as its senders see it."""
        try:
            own = self._public_url or str(URL(f"{request.scheme}://{request.host}").origin())
            return f"{own.rstrip('/')}{request.rel_url.raw_path}"
        except ValueError:
            raise ApiError(400, "bad_request", "The Host header is no address.") from None


def _xml(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/xml", charset="utf-8")


def _message_id(request: web.Request, feed: InboundFeed) -> tuple[str, bool]:
    """Return the message's id, "" if it has none, and whether it is signed. Raises ApiError 400."""
    http = feed.http
    signed = http.hmac.id_header if http is not None and http.hmac is not None else None
    own = http.id_header if http is not None else None
    for header in (signed, own, _IDEMPOTENCY_KEY, "ce-id" if feed.format == "cloudevents" else None):
        values = request.headers.getall(header, []) if header else []
        if not values:
            continue
        value = values[0].strip()
        if header == _IDEMPOTENCY_KEY and len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]  # a string of structured fields (RFC 8941), as the header's draft has it
        if len(values) > 1 or len(value) > _MAX_ID or not value.isprintable():
            raise ApiError(400, "bad_request", f"{header} has to be one id of at most {_MAX_ID} printable characters.")
        if value:
            return _of_source(value, request) if header == "ce-id" else value, header == signed
    return "", False


def _of_source(event_id: str, request: web.Request) -> str:
    """Return by what a CloudEvent is known: its id is unique within its source (CloudEvents 1.0, 3.1.1)."""
    return f"{request.headers.get('ce-source', '')} {event_id}"


def _said_of_the_body(request: web.Request, feed: InboundFeed) -> dict[str, str]:
    """Return the attributes of a CloudEvent in binary mode (CloudEvents HTTP binding, 3.1)."""
    if feed.format != "cloudevents":
        return {}
    return {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("ce-")}
