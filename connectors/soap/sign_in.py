"""Signing in within the messages: the part of a SOAP header that says who calls."""

from __future__ import annotations

from typing import Any

from connectors.soap.signing import MessageSignIn, Read, Send
from hub.config.http_access import HttpAuth
from hub.config.soap_auth import SiebelAuth, SoapAuth, WsseAuth


class NothingInMessage:
    """For services that are signed in to by HTTP, or not at all."""

    async def call(self, send: Send, read: Read) -> Any:
        return await read(await send(""))

    def signed(self, envelope: bytes) -> bytes:
        return envelope


class WsseSignIn:
    def __init__(self, auth: WsseAuth) -> None:
        from connectors.soap.security import MessageSecurity

        self._security = MessageSecurity(auth)

    async def call(self, send: Send, read: Read) -> Any:
        return await read(await send(self._security.header()))

    def signed(self, envelope: bytes) -> bytes:
        return self._security.signed(envelope)


def message_part(auth: SoapAuth | None, max_concurrent: int) -> MessageSignIn:
    """Return what signs in within the messages. Raises ConnectorError."""
    match auth:
        case WsseAuth():
            return WsseSignIn(auth)
        case SiebelAuth():
            from connectors.oracle_siebel.session import SiebelSignIn

            return SiebelSignIn(auth, max_concurrent)
        case _:
            return NothingInMessage()


def http_part(auth: SoapAuth | None) -> HttpAuth | None:
    """Return the part that signs in by HTTP."""
    return None if isinstance(auth, WsseAuth | SiebelAuth) else auth
