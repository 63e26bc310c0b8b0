"""OAuth 1.0a signatures, against the examples of RFC 5849 and another implementation's verification."""

import re
from urllib.parse import unquote

import pytest
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849.signature import collect_parameters, verify_hmac_sha256
from yarl import URL

from connectors.auth.oauth1 import FORM, OAuth1SignIn, base_string, signature
from connectors.auth.signing import Outgoing
from hub.config.http_access import OAuth1Auth

CONSUMER = {"type": "oauth1", "consumer_key": "dpf43f3p2l4k3l03", "consumer_secret": "kd94hf93k423kf44"}
TOKEN = {"token": "nnch734d00sl2jdk", "token_secret": "pfkkdhi9sl3r4s00"}


def outgoing(method: str, address: str, body: bytes | None = None, content_type: str = "") -> Outgoing:
    return Outgoing(method, URL(address, encoded=True), body, content_type)


def test_base_string_of_the_standard() -> None:
    """What is signed is what RFC 5849, 3.4.1.1, gives for its example: repeated, empty and escaped parameters."""
    protocol = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    request = outgoing("post", "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", b"c2&a3=2+q", FORM)
    expected = (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
    assert expected == base_string(request, protocol.items())


def test_signature_of_the_standard() -> None:
    """The signature is the one of RFC 5849, 1.2, for the request of a photo."""
    protocol = {
        "oauth_consumer_key": CONSUMER["consumer_key"],
        "oauth_token": TOKEN["token"],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
    }
    request = outgoing("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")
    key = "kd94hf93k423kf44&pfkkdhi9sl3r4s00"
    assert "MdpQcU8iPSUjWoN/UDMsK2sui9I=" == signature(base_string(request, protocol.items()), key, "HMAC-SHA1")


@pytest.mark.parametrize(
    ("method", "address", "body", "content_type"),
    [
        ("GET", "https://1234.suitetalk.example/services/rest/record/v1/customer", None, ""),
        ("GET", "https://1234.example:8443/a%20b/%C3%BC?q=a+b&q=a%2Bb&q=&z&%C3%A4=%E2%82%AC", None, ""),
        ("POST", "https://1234.example/query?limit=5&offset=0", b'{"q": "x=1&y=2"}', "application/json"),
        ("POST", "http://1234.example/form?a=1", b"a=2&a=1&b=%26%3D&c=%7E*", FORM + "; charset=utf-8"),
        ("PATCH", "https://[::1]:8443/x?tilde=~&star=*&bang=!", b"{}", "application/json"),
        ("DELETE", "https://1234.example", None, ""),
    ],
)
def test_others_verify_it(method: str, address: str, body: bytes | None, content_type: str) -> None:
    """What is signed here is accepted by another implementation, whatever stands in address and form."""
    auth = OAuth1Auth.model_validate({**CONSUMER, **TOKEN, "consumer_secret": "k&d=%", "realm": "1234_SB1"})
    signed = OAuth1SignIn(auth).signed(outgoing(method, address, body, content_type), timestamp=1, nonce="n")
    header = signed.headers["Authorization"]
    assert header.startswith('OAuth realm="1234_SB1", ')
    request = Request(address, method, body or b"", {"Content-Type": content_type} if content_type else {})
    request.params = collect_parameters(
        request.uri_query, request.body if FORM in content_type else [], {"Authorization": header}, with_realm=False
    )
    request.signature = unquote(re.findall(r'oauth_signature="([^"]*)"', header)[0])
    assert verify_hmac_sha256(request, "k&d=%", TOKEN["token_secret"])
    assert request.signature in signed.secrets
