"""OAuth 1.0a: each request carries a signature over its method, address and form fields (RFC 5849, 3.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from time import time
from urllib.parse import parse_qsl, quote

from yarl import URL

from connectors.auth.signing import Outgoing, Signed
from connectors.reply import Reply
from hub.config.http_access import OAuth1Auth

FORM = "application/x-www-form-urlencoded"
_DIGESTS = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}


class OAuth1SignIn:
    minds_clock = True

    def __init__(self, auth: OAuth1Auth) -> None:
        self._auth = auth
        secret, token_secret = auth.consumer_secret.get_secret_value(), auth.token_secret.get_secret_value()
        self._key = f"{escaped(secret)}&{escaped(token_secret)}"

    async def sign(self, request: Outgoing) -> Signed:
        return self.signed(request, timestamp=int(time()), nonce=secrets.token_hex(16))

    def signed(self, request: Outgoing, *, timestamp: int, nonce: str) -> Signed:
        """Sign a request as of a time (seconds since 1970), with a nonce used once."""
        protocol = {
            "oauth_consumer_key": self._auth.consumer_key,
            "oauth_signature_method": self._auth.method,
            "oauth_timestamp": str(timestamp),
            "oauth_nonce": nonce,
            "oauth_version": "1.0",
        }
        if self._auth.token:
            protocol["oauth_token"] = self._auth.token
        text = base_string(request, protocol.items())
        seal = signature(text, self._key, self._auth.method)
        realm = [f'realm="{self._auth.realm}"'] if self._auth.realm else []
        fields = [f'{name}="{escaped(value)}"' for name, value in (protocol | {"oauth_signature": seal}).items()]
        return Signed(request.url, {"Authorization": "OAuth " + ", ".join(realm + fields)}, (seal, escaped(seal)))

    def is_over(self, _signed: Signed, _reply: Reply) -> bool:
        return False

    async def close(self) -> None:
        return


def signature(text: str, key: str, method: str) -> str:
    """Seal a base string (3.4.2); `key` are both secrets, escaped and joined by &."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), _DIGESTS[method]).digest()).decode()


def base_string(request: Outgoing, protocol: Iterable[tuple[str, str]]) -> str:
    """Return what is signed (3.4.1): method, address, and all parameters in order, repeated ones too.

    `protocol` are the `oauth_` parameters without realm and signature.
    """
    pairs = [*protocol, *_pairs(request.url.raw_query_string)]
    if request.body and request.content_type.partition(";")[0].strip().lower() == FORM:
        pairs += _pairs(request.body.decode("utf-8", "surrogateescape"))
    ordered = sorted((escaped(name), escaped(value)) for name, value in pairs)
    parameters = "&".join(f"{name}={value}" for name, value in ordered)
    return "&".join((escaped(request.method.upper()), escaped(_place(request.url)), escaped(parameters)))


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")


def _place(url: URL) -> str:
    """Return scheme, host and path; the port only if it is not the scheme's own (3.4.1.2)."""
    host = (url.raw_host or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if url.is_default_port() else f":{url.port}"
    return f"{url.scheme.lower()}://{host}{port}{url.raw_path or '/'}"


def escaped(text: str) -> str:
    """Percent-encode all but letters, digits and `-._~` (3.6)."""
    return quote(text, safe="-._~", errors="surrogateescape")
