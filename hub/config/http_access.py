"""How a backend is signed in to, and whose certificate is trusted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from hub.config.paths import ExistingFile
from hub.config.patterned import patterned
from hub.config.section import Section

HeaderName = Annotated[
    str,
    patterned(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "a header's name: letters, digits and -, without a space or colon"),
]


def no_line_break(secret: SecretStr) -> SecretStr:
    """Refuse what would begin a header of its own. Raises ValueError."""
    if any(character in secret.get_secret_value() for character in "\r\n\0"):
        raise ValueError("must not hold a line break")
    return secret


class BasicAuth(Section):
    type: Literal["basic"]
    username: Annotated[str, patterned(r"[^:\r\n]+", "a user name: not empty, without a colon or line break")]
    password: SecretStr


class BearerAuth(Section):
    type: Literal["bearer"]
    token: SecretStr

    _line = field_validator("token")(no_line_break)


class ApiKeyAuth(Section):
    """A key in a header of the backend's choice."""

    type: Literal["api_key"]
    header: HeaderName = "X-API-Key"
    key: SecretStr

    _line = field_validator("key")(no_line_break)


class WsseAuth(Section):
    """UsernameToken of WS-Security 1.0; `digest` sends a hash in place of the password."""

    type: Literal["wsse"]
    username: Annotated[str, Field(min_length=1)]
    password: SecretStr
    digest: bool = False


HttpAuth = Annotated[BasicAuth | BearerAuth | ApiKeyAuth, Field(discriminator="type")]
SoapAuth = Annotated[BasicAuth | BearerAuth | ApiKeyAuth | WsseAuth, Field(discriminator="type")]


class Trust(Section):
    """`ca_file` holds the certificates to trust in place of the system's; `verify: false` trusts anyone."""

    ca_file: ExistingFile | None = None
    verify: bool = True
