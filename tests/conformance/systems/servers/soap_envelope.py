"""Envelopes as simulated SOAP systems read and answer them."""

from __future__ import annotations

from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def body_of(text: str) -> etree._Element:
    """Return the one element inside the body. Raises ValueError."""
    body = etree.fromstring(text.encode(), _PARSER).find(f"{{{ENVELOPE}}}Body")
    if body is None or len(body) != 1:
        raise ValueError("one element is wanted in the body")
    return body[0]


def header(text: str, path: str) -> str:
    return etree.fromstring(text.encode(), _PARSER).findtext(f"{{{ENVELOPE}}}Header/{path}") or ""


def signed_by(text: str) -> tuple[str, str]:
    """Return user and password of the UsernameToken, empty without one."""
    token = f"{{{SECURITY}}}Security/{{{SECURITY}}}UsernameToken/{{{SECURITY}}}"
    return header(text, f"{token}Username"), header(text, f"{token}Password")


def reply(content: str, status: int = 200) -> web.Response:
    text = f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{content}</e:Body></e:Envelope>'
    return web.Response(status=status, text=text, content_type="text/xml")


def fault(code: str, words: str, detail: str = "", *, namespaces: str = "") -> web.Response:
    """Return a fault of SOAP 1.1; `detail` is XML."""
    return reply(
        f"<e:Fault {namespaces}><faultcode>{code}</faultcode><faultstring>{escape(words)}</faultstring>"
        f"<detail>{detail}</detail></e:Fault>",
        500,
    )
