"""JSON-RPC 2.0 messages, sound and otherwise; the examples follow section 7 of its specification."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus.rpc_message import Request, Unfit, batch_reply, read_message, reply
from hub.domain.rpc import MAX_BATCH, MAX_MESSAGE_BYTES, MAX_REPLY_BYTES, PARAMS, Code, CustomerParams, RpcError


def message(method: str, params: Any = None, **members: Any) -> bytes:
    request = {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params}), **members}
    return json.dumps(request, ensure_ascii=False).encode()


def only(body: bytes) -> Request | Unfit:
    read = read_message(body)
    assert not read.is_batch
    (one,) = read.requests
    return one


def unfit(body: bytes) -> tuple[Code, str, bytes | None]:
    one = only(body)
    assert isinstance(one, Unfit)
    return one.error.code, one.error.param, one.id


@pytest.mark.parametrize(
    ("given_id", "echoed"),
    [("1", "1"), ("-1.50", "-1.50"), ("12345678901234567890123", "12345678901234567890123"), ("null", "null"),
     ('"a\\"b\\u00fc"', '"a\\"bü"'), ('""', '""'), ("1E5", "1E5")],
)  # fmt: skip
def test_an_id_comes_back_as_it_was(given_id: str, echoed: str) -> None:
    """A number keeps its digits, a text says the same, null is no notification."""
    one = only(b'{"jsonrpc":"2.0","method":"agents","id":' + given_id.encode() + b"}")
    assert isinstance(one, Request)
    assert echoed.encode() == one.id


def test_a_request_without_an_id_is_a_notification() -> None:
    """Nobody is told, not even that the method is unknown or a param is wrong."""
    assert only(message("agents")).id is None
    assert (Code.METHOD_NOT_FOUND, "", None) == unfit(message("foobar"))
    assert (Code.INVALID_PARAMS, "id", None) == unfit(message("agent", {"id": 1}))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", Code.PARSE_ERROR),
        (b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', Code.PARSE_ERROR),
        (b'{"jsonrpc":"2.0","method":"agents","id":1} {}', Code.PARSE_ERROR),
        (b"\xff\xfe\x00{", Code.PARSE_ERROR),
        (b'{"jsonrpc":"2.0","method":"\xff","id":1}', Code.PARSE_ERROR),
        (b"\x1f\x8b\x08" + b"\x00" * 20, Code.PARSE_ERROR),
        (b"[" * MAX_MESSAGE_BYTES, Code.PARSE_ERROR),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, Code.PARSE_ERROR),
        (b" " * (MAX_MESSAGE_BYTES + 1), Code.INVALID_REQUEST),
        (b"[]", Code.INVALID_REQUEST),
        (b"1", Code.INVALID_REQUEST),
        (b'"agents"', Code.INVALID_REQUEST),
        (b"null", Code.INVALID_REQUEST),
        (b"{}", Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":1,"params":"bar"}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","method":"agents"}', Code.INVALID_REQUEST),
        (b'{"method":"agents"}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"agents","id":{}}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"agents","id":[1]}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"agents","id":true}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"agents","id":"' + b"x" * 300 + b'"}', Code.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","result":[],"id":null}', Code.INVALID_REQUEST),
    ],
)
def test_what_is_no_request_is_told_with_a_null_id(body: bytes, code: Code) -> None:
    """As the specification wants it where the id can't be known; an error names what is wrong and quotes no body."""
    assert (code, "", b"null") == unfit(body)


@pytest.mark.parametrize(
    ("method", "params", "param"),
    [
        ("customer", {"telephone": "1"}, "telephone"),
        ("customer", {"phone": 1}, "phone"),
        ("customer", {"phone": "9" * 65}, "phone"),
        ("customer", {"email": "a" * 250 + "@b.example"}, "email"),
        ("customer", {"ids": []}, "ids"),
        ("customer", {"ids": {}}, "ids"),
        ("customer", {"ids": {"sap": 1}}, "ids[...]"),
        ("customer", {"ids": {str(number): "1" for number in range(21)}}, "ids"),
        ("customer", {"phone": "1", "timeout_ms": 0}, "timeout_ms"),
        ("customer", {"phone": "1", "deadline_ms": 60_001}, "deadline_ms"),
        ("customer", {"phone": "1", "deadline_ms": 1.5}, "deadline_ms"),
        ("dial", {"agent": "alice", "to": "1"}, "id"),
        ("dial", {"agent": "", "to": "1", "id": "a"}, "agent"),
        ("dial", {"agent": "alice", "to": "1\r\nAction: Hangup", "id": "a"}, "to"),
        ("dial", {"agent": "alice", "to": "1", "id": "a b"}, "id"),
        ("agent", {}, "id"),
        ("agents", {"id": "alice"}, "id"),
        ("agents", ["alice"], ""),
        ("x" * 500, {}, None),
    ],
)
def test_a_wrong_param_is_named(method: str, params: Any, param: str | None) -> None:
    """With what was expected, and what there is; the id comes back."""
    one = only(message(method, params, id=7))
    assert isinstance(one, Unfit)
    assert (Code.METHOD_NOT_FOUND if param is None else Code.INVALID_PARAMS, param or "", b"7") == (
        one.error.code,
        one.error.param,
        one.id,
    )
    assert 10 < len(one.error.reason) < 450


def test_a_batch_has_its_requests_one_by_one() -> None:
    """What is wrong with one is told of that one; a batch has a bound."""
    read = read_message(b"[1, " + message("agents", id=1) + b"," + message("agents") + b', {"foo": "boo"}]')
    assert read.is_batch
    assert [b"null", b"1", None, b"null"] == [one.id for one in read.requests]
    assert [Unfit, Request, Request, Unfit] == [type(one) for one in read.requests]
    assert MAX_BATCH == len(read_message(b"[" + b",".join([b"1"] * MAX_BATCH) + b"]").requests)
    assert (Code.INVALID_REQUEST, "", b"null") == unfit(b"[" + b",".join([b"1"] * (MAX_BATCH + 1)) + b"]")


def test_a_reply_says_result_or_error_with_the_id() -> None:
    """Errors have code, message, and in `data` the reason in words with the param that it is about."""
    assert {"jsonrpc": "2.0", "result": [1], "id": "a"} == json.loads(reply(b'"a"', [1]))
    error = RpcError(Code.INVALID_PARAMS, "phone: is no number.", "phone")
    assert {
        "jsonrpc": "2.0",
        "error": {
            "code": -32602,
            "message": "Invalid params",
            "data": {"reason": "phone: is no number.", "param": "phone"},
        },
        "id": None,
    } == json.loads(reply(b"null", error))


def test_a_reply_has_a_bound() -> None:
    """Alone and in a batch, what is larger becomes an error of its own; the others come."""
    half = "x" * (MAX_REPLY_BYTES // 2 + 1)
    assert Code.REPLY_TOO_LARGE == json.loads(reply(b"1", half + half))["error"]["code"]
    batch = json.loads(batch_reply([(b"1", reply(b"1", half)), (b"2", reply(b"2", half)), (b"3", reply(b"3", 1))]))
    assert [1, 2, 3] == [one["id"] for one in batch]
    assert half == batch[0]["result"]
    assert Code.REPLY_TOO_LARGE == batch[1]["error"]["code"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
_REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | _JSON,
        "method": st.sampled_from([*PARAMS, "rpc.x"]) | _JSON,
        "params": st.dictionaries(st.sampled_from(CustomerParams.__struct_fields__), _JSON) | _JSON,
        "id": _JSON,
    },
)


@given(st.binary(max_size=200) | st.one_of(_REQUEST, st.lists(_REQUEST | _JSON, max_size=30), _JSON).map(json.dumps))
def test_whatever_comes_is_read(body: bytes | str) -> None:
    """Nothing is raised; each part can be tried or is answered with an error; every reply is JSON with the same id."""
    read = read_message(body if isinstance(body, bytes) else body.encode(errors="surrogatepass"))
    assert 1 <= len(read.requests) <= MAX_BATCH
    for one in read.requests:
        written = msgspec.json.decode(reply(one.id or b"0", one.error if isinstance(one, Unfit) else 1))
        assert {"result", "error"} & set(written)
        assert written["id"] == msgspec.json.decode(one.id or b"0")
