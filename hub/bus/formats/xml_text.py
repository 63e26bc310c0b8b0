"""XML in whatever encoding, piece by piece, as UTF-8 for the parser."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from hub.bus.formats.text import Spoken, is_ebcdic, known_encoding, not_in, spoken
from hub.domain.inbound import InboundMessage

CHUNK_BYTES: Final = 16 * 1024
_DECLARATION_BYTES: Final = 400
_DECLARED: Final = re.compile(r"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")
# XML 1.0, F.1: how a declaration begins tells enough of the encoding to read which one it names.
_BEGINNINGS: Final = ((b"\x4c\x6f\xa7\x94", "cp037"), (b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))


class XmlText:
    """A file of XML (seekable, at its beginning); `said` is what it is in."""

    def __init__(self, file: BinaryIO, message: InboundMessage, encoding: str) -> None:
        start = file.read(_DECLARATION_BYTES)
        said = spoken(start, message.content_type, encoding)
        if said.is_assumed:
            said = _declared(start) or said
        self.said: Spoken = said
        self._file = file
        file.seek(len(said.mark))

    def pieces(self) -> Iterator[bytes]:
        """Yield what stands in it. Raises RefusedError with the place of a byte that the encoding has not."""
        decoder = codecs.getincrementaldecoder(self.said.encoding)()
        has_nel = is_ebcdic(self.said.encoding)
        offset = len(self.said.mark)
        more = True
        while more:
            raw = self._file.read(CHUNK_BYTES)
            more = bool(raw)
            # What the decoder holds back of the last piece stands before this one.
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(raw, final=not more)
            except UnicodeDecodeError as error:
                raise not_in(self.said, offset - held + error.start) from None
            offset += len(raw)
            yield (text.replace("\x85", "\n") if has_nel else text).encode(errors="replace")


def _declared(start: bytes) -> Spoken | None:
    """Return what the XML declaration says, if there is one that says it."""
    for beginning, readable_as in _BEGINNINGS:
        if start.startswith(beginning):
            found = _DECLARED.match(start.decode(readable_as, errors="replace"))
            if readable_as != "cp037":
                return Spoken(readable_as, "its first bytes")
            break
    else:
        found = _DECLARED.match(start.decode("latin-1"))
    if found is None:
        return None
    encoding = known_encoding(found[1], "its XML declaration")
    # Programs declare the UTF-16 that a text had in their memory, and send something else.
    return (
        None
        if encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
        else Spoken(encoding, "its XML declaration")
    )
