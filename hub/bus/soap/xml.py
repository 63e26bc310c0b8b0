"""Reads XML that anybody may have sent, or an integrator written: no DTD, no entities, nothing fetched, bounded."""

from __future__ import annotations

from typing import Final

from lxml import etree

MAX_DEPTH: Final = 64
_is_too_deep = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


class UnreadableXmlError(ValueError):
    """What came is no XML that may be read; said in words that go behind "the message"."""


def read_tree(body: bytes, charset: str | None = None) -> etree._Element:
    """Return the outermost element. Raises UnreadableXmlError.

    `charset` is what the transport says; it counts more than what the document says (RFC 7303, 3).
    """
    try:
        parser = etree.XMLParser(
            encoding=charset,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        # A DTD stands before all else: whatever went wrong behind it, that it is there is what has to be said.
        if b"<!DOCTYPE" in body[:1_024]:
            raise UnreadableXmlError("holds a document type (DTD), which is refused") from None
        raise UnreadableXmlError(f"is no XML (line {error.lineno}): {error.msg}") from None
    except LookupError:
        raise UnreadableXmlError(f"is not in the encoding that it names ({(charset or '')[:20]!r})") from None
    except ValueError:
        raise UnreadableXmlError("is no XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableXmlError("holds a document type (DTD), which is refused")
    if _is_too_deep(root):
        raise UnreadableXmlError(f"is nested too deeply: at most {MAX_DEPTH} levels")
    return root
