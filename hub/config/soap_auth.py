"""How a SOAP service is signed in to: by HTTP, or in the header of each message."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.config.http_access import HttpAuth
from hub.config.paths import ExistingFile
from hub.config.section import Section


class WsseAuth(Section):
    """WS-Security 1.0: a UsernameToken, a signature with an X.509 certificate, or both.

    `digest` sends a hash in place of the password. `timestamp_s` says for how many seconds a message counts; a
    signature has it (300) unless given. `certificate` and `key` are files in PEM: body and timestamp are signed with
    the key, and the certificate goes along (X.509 token profile).
    """

    type: Literal["wsse"]
    username: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    digest: bool = False
    timestamp_s: Annotated[int, Field(ge=10, le=3_600)] | None = None
    certificate: ExistingFile | None = None
    key: ExistingFile | None = None
    key_password: SecretStr | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` go together")
        if self.username is None and self.certificate is None:
            raise ValueError("give `username` and `password`, or `certificate` and `key`, or all of them")
        if self.digest and self.username is None:
            raise ValueError("`digest` belongs to a `password`, which is missing")
        return self


class SiebelAuth(Section):
    """Siebel's session headers: signed in once with the password, then by the token that each reply renews."""

    type: Literal["siebel"]
    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: SecretStr


SoapAuth = Annotated[HttpAuth | WsseAuth | SiebelAuth, Field(discriminator="type")]
