"""How a backend is signed in to, and whose certificate is trusted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.config.addresses import WebAddress
from hub.config.header_name import HeaderName
from hub.config.paths import ExistingFile
from hub.config.patterned import patterned
from hub.config.reply_signs import ReplySigns
from hub.config.section import Section


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


HostRule = Annotated[
    str,
    patterned(
        r"([a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,10}|(\.[a-z0-9_-]{1,63}){2,10})(:[0-9]{1,5})?",
        "a host in small letters, as in org.example.com, or .example.com for all hosts below it (.com is too much)",
    ),
]


class Instance(Section):
    """The token's answer names the server that this account lives on: it takes the place of the url's own.

    Only the url's host and `hosts` are accepted: `org.example.com`, or `.example.com` for all hosts below it.
    """

    field: Annotated[str, Field(min_length=1, max_length=100)] = "instance_url"
    hosts: Annotated[tuple[HostRule, ...], Field(max_length=20)] = ()


class TokenAuth(Section):
    """A token fetched from `token_url`, kept for all requests, fetched anew shortly before it runs out.

    `lasts_s` counts where the answer names no `expires_in`. HTTP 401 always means that the token does not count any
    more; `expired` names further signs of it. `params` are further fields of the request (audience, resource).
    """

    token_url: WebAddress
    scope: Annotated[str, Field(max_length=2_000)] = ""
    params: Annotated[dict[str, str], Field(max_length=20)] = {}
    lasts_s: Annotated[int, Field(ge=10, le=86_400)] = 3_600
    expired: ReplySigns = ()
    instance: Instance | None = None


class SigningKey(Section):
    """A private key in PEM, as text or in a file. `key_id` and the certificate's thumbprint tell the server which."""

    private_key: SecretStr | None = None
    key_file: ExistingFile | None = None
    key_password: SecretStr | None = None
    algorithm: Literal["RS256", "PS256", "ES256"] = "RS256"
    key_id: Annotated[str, Field(max_length=500)] = ""
    certificate_file: ExistingFile | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.private_key is None) == (self.key_file is None):
            raise ValueError("give `private_key` (as in ${file:key.pem}) or `key_file`, one of them")
        return self


class OAuth2ClientAuth(TokenAuth):
    """OAuth 2.0 client credentials (RFC 6749, 4.4). `send` says where id and secret stand: body or basic.

    Instead of a secret a signed assertion (RFC 7523, 2.2) is sent where `signed` gives the key; it is meant for
    `audience`, which is `token_url` unless given.
    """

    type: Literal["oauth2_client"]
    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret: SecretStr | None = None
    send: Literal["body", "basic"] = "body"
    signed: SigningKey | None = None
    audience: Annotated[str, Field(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.client_secret is None) == (self.signed is None):
            raise ValueError("give `client_secret` or `signed` (a key), one of them")
        return self


class JwtBearerAuth(TokenAuth):
    """JWT bearer grant (RFC 7523, 2.1): a token for `subject`, asked for with an assertion that `issuer` signs.

    `audience` is `token_url` unless given. `claims` go into the assertion as well. A server that wants to know the
    client too gets `client_id` and `client_secret`.
    """

    type: Literal["jwt_bearer"]
    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    subject: Annotated[str, Field(min_length=1, max_length=500)]
    audience: Annotated[str, Field(max_length=2_000)] = ""
    claims: Annotated[dict[str, str], Field(max_length=20)] = {}
    signed: SigningKey
    client_id: Annotated[str, Field(max_length=500)] = ""
    client_secret: SecretStr | None = None


class OAuth1Auth(Section):
    """OAuth 1.0a (RFC 5849) with consumer and token, each request signed with HMAC-SHA256.

    NetSuite calls it token-based authentication; its `realm` is the account.
    """

    type: Literal["oauth1"]
    consumer_key: Annotated[str, Field(min_length=1, max_length=500)]
    consumer_secret: SecretStr
    token: Annotated[str, Field(max_length=500)] = ""
    token_secret: SecretStr = SecretStr("")
    realm: Annotated[str, patterned(r"[ !#-\[\]-~]{0,200}", "printable, without a quote or backslash")] = ""
    method: Literal["HMAC-SHA256", "HMAC-SHA1"] = "HMAC-SHA256"


HttpAuth = Annotated[
    BasicAuth | BearerAuth | ApiKeyAuth | OAuth2ClientAuth | JwtBearerAuth | OAuth1Auth, Field(discriminator="type")
]


class Trust(Section):
    """`ca_file` holds the certificates to trust in place of the system's; `verify: false` trusts anyone.

    `cert_file` is the certificate that the hub shows to the backend, with its key in the same file or in `key_file`.
    """

    ca_file: ExistingFile | None = None
    verify: bool = True
    cert_file: ExistingFile | None = None
    key_file: ExistingFile | None = None
    key_password: SecretStr | None = None

    @model_validator(mode="after")
    def _key_of_something(self) -> Self:
        if self.cert_file is None and (self.key_file is not None or self.key_password is not None):
            raise ValueError("`key_file` and `key_password` belong to a `cert_file`, which is missing")
        return self
