"""The other end of one call, played by a test message by message: for what an Asterisk does only now and then."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType
from typing import Self

from tests.servers.ports import LOOPBACK

ANSWER_SECONDS = 10.0
SDP = f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


class SipSwitch:
    """Speaks SIP over UDP (RFC 3261) with one peer; the caller's tag, and its own, are those of the first INVITE."""

    host = LOOPBACK

    async def __aenter__(self) -> Self:
        """Listen."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # as the event loop's functions want it
        self._socket.bind((LOOPBACK, 0))
        self.sip_port = self._socket.getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket."""
        self._socket.close()

    async def hears(self, first_words: str) -> dict[str, str]:
        """Wait for the message that begins so, whatever comes before it; return its headers."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                data, self._peer = await asyncio.get_running_loop().sock_recvfrom(self._socket, 65_535)
                first, *lines = data.decode().partition("\r\n\r\n")[0].split("\r\n")
                if first.startswith(first_words):
                    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    async def accepts(self, request: dict[str, str], *, sdp: str = "") -> None:
        """Answer 200 OK."""
        told = [f"{name}: {request[name]}" for name in ("Via", "From", "Call-ID", "CSeq")]
        to = request["To"] if "tag=" in request["To"] else f"{request['To']};tag=switch"
        await self._send("SIP/2.0 200 OK", *told, f"To: {to}", sdp=sdp)

    async def asks(self, method: str, invite: dict[str, str], *, number: int, sdp: str = "") -> None:
        """Send a request within the call that `invite` began."""
        peer = f"sip:{self._peer[0]}:{self._peer[1]}"
        await self._send(
            f"{method} {peer} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self.sip_port};branch=z9hG4bK-{method}-{number}",
            f"From: {invite['To']};tag=switch",
            f"To: {invite['From']}",
            f"Call-ID: {invite['Call-ID']}",
            f"CSeq: {number} {method}",
            sdp=sdp,
        )

    async def _send(self, first: str, *headers: str, sdp: str) -> None:
        kind = ["Content-Type: application/sdp"] if sdp else []
        contact = f"Contact: <sip:{LOOPBACK}:{self.sip_port}>"
        lines = [first, *headers, contact, *kind, f"Content-Length: {len(sdp)}", "", sdp]
        await asyncio.get_running_loop().sock_sendto(self._socket, "\r\n".join(lines).encode(), self._peer)
