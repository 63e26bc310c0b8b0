"""How a backend is signed in to, as the configuration says it."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hub.config.http_access import HttpAuth, Trust
from hub.config.reply_signs import ReplySign, ReplySigns
from hub.config.secrets import secrets_of

AUTH: TypeAdapter[Any] = TypeAdapter(HttpAuth)
SIGNS: TypeAdapter[tuple[ReplySign, ...]] = TypeAdapter(ReplySigns)
CLIENT = {
    "type": "oauth2_client",
    "token_url": "https://id.example/token",
    "client_id": "hub",
    "client_secret": "geheim",
}
BEARER = {
    "type": "jwt_bearer",
    "token_url": "https://id.example/token",
    "issuer": "i",
    "subject": "s",
    "signed": {"private_key": "-----BEGIN"},
}


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ({**CLIENT, "token_url": "id.example"}, "must be an address"),
        ({**CLIENT, "token_url": "https://u:p@id.example"}, "must not hold a user or password"),
        ({**CLIENT, "client_secret": None}, "give `client_secret` or `signed`"),
        ({**CLIENT, "signed": {"private_key": "k"}}, "give `client_secret` or `signed`"),
        ({**BEARER, "signed": {}}, "give `private_key` (as in ${file:key.pem}) or `key_file`"),
        ({**BEARER, "signed": {"private_key": "k", "algorithm": "HS256"}}, "'RS256', 'PS256' or 'ES256'"),
        ({**BEARER, "signed": {"private_key": "k", "algorithm": "none"}}, "'RS256', 'PS256' or 'ES256'"),
        ({**BEARER, "signed": {"key_file": "/no/such.key"}}, "there is no file /no/such.key"),
        ({**BEARER, "instance": {"hosts": [".com"]}}, ".com is too much"),
        ({**BEARER, "instance": {"hosts": ["*.example.com"]}}, "a host in small letters"),
        ({**BEARER, "instance": {"hosts": ["https://x.example"]}}, "a host in small letters"),
        ({**BEARER, "expired": {}}, "give at least one of `statuses`, `texts`, `where`, `differs`, `present`"),
        ({"type": "oauth1", "consumer_key": "c", "consumer_secret": "s", "realm": 'a", x="'}, "without a quote"),
        ({"type": "oauth1", "consumer_key": "c", "consumer_secret": "s", "realm": "a\r\nX: 1"}, "printable"),
        ({"type": "oauth1", "consumer_key": "c", "consumer_secret": "s", "method": "PLAINTEXT"}, "HMAC-SHA256"),
    ],
)
def test_what_can_not_sign_in(auth: dict[str, Any], words: str) -> None:
    """What is missing, twice there or dangerous is a mistake of the configuration."""
    with pytest.raises(ValidationError) as raised:
        AUTH.validate_python(auth)
    assert words in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_secrets_are_known() -> None:
    """Client secrets, private keys and token secrets are secrets of the configuration, which logs hide."""
    oauth1 = {"type": "oauth1", "consumer_key": "c", "consumer_secret": "cs-1", "token": "t", "token_secret": "ts-1"}
    assert {"geheim"} == secrets_of(AUTH.validate_python(CLIENT))
    assert {"-----BEGIN"} == secrets_of(AUTH.validate_python(BEARER))
    assert {"cs-1", "ts-1"} == secrets_of(AUTH.validate_python(oauth1))


@pytest.mark.parametrize("given", [404, [404], {"statuses": [404]}, [{"statuses": [404]}]])
def test_a_sign_may_be_written_shortly(given: Any) -> None:
    """A status alone, or a single sign, need no list."""
    assert (ReplySign(statuses=(404,)),) == SIGNS.validate_python(given)


def test_a_key_needs_its_certificate() -> None:
    """A key for TLS without a certificate is a mistake."""
    with pytest.raises(ValidationError, match="belong to a `cert_file`, which is missing"):
        Trust.model_validate({"key_password": "x"})
