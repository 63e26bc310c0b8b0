"""One operation of a service: the envelope that asks, and what the reply says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from lxml import etree

from connectors.base import ConnectorError
from connectors.soap.reading import Reader
from connectors.soap.schema import Book, Field, Shape
from connectors.soap.writing import SOAP_ENCODING, Writer, escaped
from hub.domain.customer import Problem

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """An operation as its binding describes it.

    `wrapper` is what stands in the body: the message's own element (document) or the operation's (RPC), None where
    several elements stand there side by side (`parts`). `promised` is the element that a document reply has to be.
    """

    name: str
    version: str
    action: str
    book: Book
    encoded: bool
    wrapper: str | None
    request: Shape | None
    reply: Shape | None
    promised: str | None
    reply_wrapped: bool
    nillable: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers of a request (SOAP 1.1, 6.1.1; SOAP 1.2 part 2, 7.1.4)."""
        if self.version == "1.1":
            return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{self.action}"'}
        action = f'; action="{self.action}"' if self.action else ""
        return {"Content-Type": f"application/soap+xml; charset=utf-8{action}"}

    def envelope(self, arguments: Mapping[str, Any], header: str = "") -> bytes:
        """Return the message; `header` is what stands in its header. Raises ConnectorError for a wrong argument."""
        writer = Writer(self.book, encoded=self.encoded)
        self._body(writer, arguments)
        declared = "".join(f' xmlns:{prefix}="{escaped(namespace)}"' for namespace, prefix in writer.prefixes.items())
        head = f"<e:Header>{header}</e:Header>" if header else ""
        # The body declares its namespaces itself, so that a signature of it covers them.
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n<e:Envelope xmlns:e="{ENVELOPES[self.version]}">{head}'
            f"<e:Body{declared}>{''.join(writer.parts)}</e:Body></e:Envelope>"
        ).encode()

    def _body(self, writer: Writer, arguments: Mapping[str, Any]) -> None:
        if self.request is None:
            if arguments:
                raise ConnectorError(
                    Problem.INTERNAL, f"the WSDL has no element {next(iter(arguments))!r}: {self.name} takes nothing"
                )
            return
        if self.wrapper is None:
            writer.fields(self.request, arguments, "")
            return
        if self.request.content is not None and set(arguments) == {"#text"}:
            writer.element(self.wrapper, self.request, arguments["#text"], "#text", nillable=self.nillable)
            return
        if not self.encoded:
            writer.element(self.wrapper, self.request, arguments, "")
            return
        name = writer.name(self.wrapper)
        encoding = f' e:encodingStyle="{SOAP_ENCODING}"'
        writer.parts.append(f"<{name}{encoding}>")
        writer.fields(self.request, arguments, "")
        writer.parts.append(f"</{name}>")

    def read(self, body: etree._Element) -> Any:
        """Return what stands inside the reply's own element. Raises ConnectorError (malformed)."""
        if len(body) == 0:
            return None
        reader = Reader(self.book, body)
        if not self.reply_wrapped:
            return reader.value(body, self.reply)
        element = body[0]
        if self.promised is not None and element.tag != self.promised:
            wanted = self.promised.rpartition("}")[2]
            raise ConnectorError(
                Problem.MALFORMED,
                f"the reply does not fit the WSDL: it promises {wanted}, and another element came",
            )
        value = reader.value(element, self.reply)
        if value is None:
            return {}
        return value if isinstance(value, dict) else {etree.QName(element).localname: value}


def make_call(operation: Any, book: Book, version: str, *, encoded: bool) -> Call:
    """Make the call of zeep's operation."""
    asked, told = operation.input, operation.output
    is_document = operation.style != "rpc"
    request = _message(asked, book)
    reply = _message(told, book)
    return Call(
        name=operation.name,
        version=version,
        action=operation.soapaction or "",
        book=book,
        encoded=encoded,
        wrapper=None if request is None or _has_parts(asked) else request.tag,
        request=None if request is None else request.shape,
        reply=None if reply is None else reply.shape,
        promised=reply.tag if reply is not None and is_document and not _has_parts(told) else None,
        reply_wrapped=told is None or not _has_parts(told),
        nillable=request is not None and request.nillable,
    )


def _message(message: Any, book: Book) -> Field | None:
    body = getattr(message, "body", None)
    return None if body is None or body.type is None else book.message(body)


def _has_parts(message: Any) -> bool:
    """Whether several elements stand in the body side by side."""
    return bool(message._is_body_wrapped)  # noqa: SLF001 - zeep has no public way to ask
