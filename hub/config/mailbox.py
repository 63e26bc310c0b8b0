"""`inbound.FEED.imap` and `inbound.FEED.email`: a mailbox that is read, and whose mails are the company's own."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hub.config.http_access import JwtBearerAuth, OAuth2ClientAuth
from hub.config.names import Port, Seconds
from hub.config.paths import ExistingFile
from hub.config.placed import PlacedError
from hub.config.section import Section

_OWN = re.compile(r"[^@\s<>(),;:\"]*@[^@\s<>(),;:\"]+")
_TLS_PORT = 993
_PLAIN_PORT = 143


def _own_address(text: str) -> str:
    if not _OWN.fullmatch(text):
        raise ValueError('must be an address, or "@" and a domain, as in service@example.com or "@example.com"')
    return text.lower()


def _folder(text: str) -> str:
    if any(ord(character) < ord(" ") for character in text):
        raise ValueError("must be a folder's name as people see it, on one line")
    return text


OwnAddress = Annotated[str, Field(max_length=320), AfterValidator(_own_address)]
FolderName = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_folder)]


class EmailFormat(Section):
    """`own_addresses` are the company's: a mail from one of them is outbound, and its customers are the others in it.

    `"@example.com"` is every address of that domain.
    """

    own_addresses: Annotated[tuple[OwnAddress, ...], Field(max_length=1_000)] = ()


class ImapMailbox(Section):
    """A mailbox that is read over IMAP4rev1 (RFC 3501) and left as it is: nothing is marked, moved or deleted.

    What lies in `folders` came from customers, what lies in `sent_folders` went to them; who a mail says it is from is
    a claim that anybody can make, and decides nothing there. With the first start only new mail is taken, and that of
    the last `first_days`. `idle` has the server tell of new mail at once where it can (RFC 2177); it is looked for
    every `poll_s` in any case. `tls: none` is for a server on this host alone.
    """

    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[Port | None, Field(description="993, or without implicit TLS 143")] = None
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    ca_file: Annotated[
        ExistingFile | None, Field(description="Who may have signed its certificate; unset: whom the system trusts")
    ] = None
    username: Annotated[str, Field(min_length=1, max_length=500)]
    password: Annotated[SecretStr, Field(min_length=1)] | None = None
    auth: Annotated[
        OAuth2ClientAuth | JwtBearerAuth | None,
        Field(discriminator="type", description="In place of a password: a token (XOAUTH2, OAUTHBEARER)"),
    ] = None
    folders: Annotated[tuple[FolderName, ...], Field(max_length=10)] = ("INBOX",)
    sent_folders: Annotated[tuple[FolderName, ...], Field(max_length=10)] = ()
    first_days: Annotated[int, Field(ge=0, le=3_650)] = 0
    idle: bool = True
    poll_s: Annotated[float, Field(ge=0.1, le=3_600)] = 60.0
    timeout_s: Annotated[Seconds, Field(le=600, description="Without a word from the server it is given up")] = 30.0

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if any(ord(character) < ord(" ") for character in self.username + self.host):
            raise PlacedError((), "host and user name are one line each")
        if (self.password is None) == (self.auth is None):
            raise PlacedError(("password",), "give `password`, or `auth` where the server wants a token: one of them")
        if self.password is not None and any(one in self.password.get_secret_value() for one in "\r\n\0"):
            raise PlacedError(("password",), "a password is one line: does the file that it comes from hold more?")
        every = [*self.folders, *self.sent_folders]
        if not every:
            raise PlacedError(("folders",), "name a folder at least, in `folders` or `sent_folders`")
        if len(set(every)) < len(every):
            raise PlacedError(("folders",), "each folder is named once, in `folders` or in `sent_folders`")
        if self.tls == "none":
            if not _is_loopback(self.host):
                raise PlacedError(
                    ("tls",), "password and mails would cross the network readable: starttls or implicit, please"
                )
            if self.ca_file is not None:
                raise PlacedError(("ca_file",), "with `tls: none` there is no certificate to check: take it out")
        return self

    @property
    def port_used(self) -> int:
        return self.port or (_TLS_PORT if self.tls == "implicit" else _PLAIN_PORT)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
