"""What REST backends answer: pages, XML, errors of any shape, hostile documents."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from connectors.base import ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import CustomerRecord, Problem
from tests.conformance.behaviour import MAPPINGS, by_phone
from tests.conformance.servers.scripted import Asked, ScriptedServer

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)
PEOPLE = [{"id": str(number), "name": f"Person {number}"} for number in range(7)]
STEP = {"name": "customers", "path": "/people", "params": {"q": "x"}, "rows": "items"}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(lambda _asked: web.json_response({"items": []}))
    await server.start()
    yield server
    await server.stop()


async def looked_up(config: dict[str, Any]) -> list[CustomerRecord]:
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    try:
        return list(await connector.lookup(by_phone("+493515550123")))
    finally:
        await connector.close()


async def ids(config: dict[str, Any]) -> list[str]:
    return [record.id for record in await looked_up(config)]


async def problem(config: dict[str, Any]) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await looked_up({**config, "retry": {"attempts": 1}})
    assert raised.value.message.startswith("crm, operation by_phone: step customers: ")
    return raised.value


def paged(size: int, place: Callable[[web.Response, dict[str, Any], int], None]) -> Callable[[Asked], web.Response]:
    """Answer with `size` people from the number behind `from=`; `place` says where the next ones are."""

    def answer(asked: Asked) -> web.Response:
        query = dict(pair.split("=") for pair in asked.target.partition("?")[2].split("&"))
        begin = int(query.get("from", 0))
        document: dict[str, Any] = {"items": PEOPLE[begin : begin + size]}
        response = web.Response(content_type="application/json")
        if begin + size < len(PEOPLE):
            place(response, document, begin + size)
        response.text = str(web.json_response(document).text)
        return response

    return answer


def linked(link: str) -> Callable[[web.Response, dict[str, Any], int], None]:
    return lambda _response, document, number: document.update(next={"href": link.format(number)})


async def test_pages_by_a_link_in_the_body(server: ScriptedServer) -> None:
    """A link, with or without host, is followed to the last page."""
    for link in ("/api/people?from={}", "people?from={}", server.url + "/api/people?from={}", "?from={}"):
        server.answer = paged(3, linked(link))
        assert [one["id"] for one in PEOPLE] == await ids(server.config({**STEP, "paging": {"next": "next.href"}}))


async def test_pages_by_a_token(server: ScriptedServer) -> None:
    """A token goes into its parameter beside the others."""
    server.answer = paged(3, lambda _r, d, n: d.update(token=n))
    assert 7 == len(await ids(server.config({**STEP, "paging": {"next": "token", "param": "from"}})))
    assert ["/api/people?q=x", "/api/people?q=x&from=3", "/api/people?q=x&from=6"] == [a.target for a in server.asked]


@pytest.mark.parametrize(
    "header",
    [
        '</api/people?from={}>; rel="next"',
        '</api/people?from=0>; rel="first", </api/people?from={}>; rel=next; title="a, b"',
        '</api/people?from={}>;REL="prev next"',
        '<http://evil.example/>; rel="last",</api/people?from={}> ; rel = "next"',
    ],
)
async def test_pages_by_a_link_header(server: ScriptedServer, header: str) -> None:
    """The header Link is read as RFC 8288 has it, whatever else stands in it."""
    server.answer = paged(3, lambda r, _d, n: r.headers.update({"Link": header.format(n)}))
    assert 7 == len(await ids(server.config({**STEP, "paging": {"link": True}})))


async def test_pages_counted(server: ScriptedServer) -> None:
    """Pages or rows are counted until one is not full."""

    def answer(asked: Asked) -> web.Response:
        query = dict(pair.split("=") for pair in asked.target.partition("?")[2].split("&"))
        begin = int(query["offset"]) if "offset" in query else (int(query["page"]) - 1) * 3
        return web.json_response({"items": PEOPLE[begin : begin + int(query["limit"])]})

    server.answer = answer
    for paging in ({"page": "page"}, {"offset": "offset"}):
        step = {**STEP, "paging": {**paging, "size": 3, "size_param": "limit"}}
        assert 7 == len(await ids(server.config(step)))
        assert 3 == len(server.asked)
        server.asked.clear()


async def test_pages_are_bounded(server: ScriptedServer) -> None:
    """No more pages than `max_pages`, and no more than it takes for `max_records`."""
    number = iter(range(100))
    server.answer = lambda _asked: web.json_response({"items": PEOPLE, "next": f"/api/people?from={next(number)}"})
    paging = {"next": "next", "max_pages": 4}
    assert 28 == len(await ids(server.config({**STEP, "paging": paging})))
    assert 4 == len(server.asked)
    assert 10 == len(await ids(server.config({**STEP, "paging": paging}, max_records=10)))
    assert 6 == len(server.asked)


@pytest.mark.parametrize(
    ("link", "kind", "words"),
    [
        ("http://evil.example/people", Problem.REFUSED, "the next page is said to be elsewhere (to evil.example)"),
        ("//evil.example/people", Problem.REFUSED, "elsewhere (to evil.example)"),
        ("http://169.254.169.254/latest/meta-data", Problem.REFUSED, "elsewhere (to 169.254.169.254)"),
        ("http://127.0.0.1:1/people", Problem.REFUSED, "elsewhere (to 127.0.0.1)"),
        ("https://127.0.0.1/people", Problem.REFUSED, "elsewhere"),
        ("file:///etc/passwd", Problem.REFUSED, "elsewhere (to nowhere)"),
        ("http://[x", Problem.REFUSED, "elsewhere (to nowhere)"),
        ({"a": 1}, Problem.REFUSED, "elsewhere (to nowhere)"),
        ("?q=x", Problem.MALFORMED, "the pages go in circles"),
    ],
)
async def test_pages_elsewhere(server: ScriptedServer, link: Any, kind: Problem, words: str) -> None:
    """A next page on another host, on another port, or the same page again is an error: credentials would go along."""
    server.answer = lambda _asked: web.json_response({"items": PEOPLE, "next": [link]})
    error = await problem(server.config({**STEP, "paging": {"next": "next[0]"}}))
    assert kind == error.problem
    assert words in error.message


def xml(body: str | bytes, media_type: str = "application/xml", charset: str | None = None) -> web.Response:
    raw = body.encode() if isinstance(body, str) else body
    parameter = f"; charset={charset}" if charset else ""
    return web.Response(body=raw, headers={"Content-Type": media_type + parameter})


async def test_xml(server: ScriptedServer) -> None:
    """XML maps as JSON does: names without namespaces, attributes, repeated elements, text beside them."""
    server.answer = lambda _asked: xml(
        '<?xml version="1.0"?><r:People xmlns:r="urn:r" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<!-- c --><r:Person number="0042" r:kind="org"><r:name>M&#252;ller &amp; <![CDATA[<Co>]]></r:name>'
        '<mail xsi:nil="true"/></r:Person><r:Person number="7"><r:name/></r:Person></r:People>'
    )
    config = server.config({"name": "customers", "path": "/people", "rows": "Person"}, mapping="xml_customer")
    found = await looked_up(config)
    assert [("0042", "Müller & <Co>", "org"), ("7", "", "")] == [
        (one.id, one.name.full, one.extra.get("kind", "")) for one in found
    ]


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<?xml version="1.0" encoding="iso-8859-1"?><p><i id="1"/><name>Müller</name></p>'.encode("latin-1"), None),
        ('<?xml version="1.0" encoding="utf-8"?><p><name>Müller</name></p>'.encode("latin-1"), "iso-8859-1"),
        ("<p><name>Müller</name></p>".encode("utf-16"), None),
        (b"\xef\xbb\xbf" + "<p><name>Müller</name></p>".encode(), "utf-8"),
    ],
)
async def test_encodings_of_xml(server: ScriptedServer, body: bytes, charset: str | None) -> None:
    """The encoding is that of the header, else of the document."""
    server.answer = lambda _asked: xml(body, charset=charset)
    config = server.config({"name": "customers", "path": "/people"}, mapping="named_customer")
    assert ["Müller"] == [one.name.full for one in await looked_up(config)]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("body", "charset", "words"),
    [
        (BOMB + "]><a><Person>&j;</Person></a>", None, "holds a document type (DTD), which is refused"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>', None, "holds a document type (DTD)"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', None, "holds a document type (DTD)"),
        ("<a>&unknown;</a>", None, "is no XML"),
        ("<a><b></a>", None, "is no XML (line 1)"),
        ("<a/><b/>", None, "is no XML"),
        ("<a>" * 100 + "</a>" * 100, None, "is nested too deeply: at most 64 levels"),
        ("<a>" * 100_000, None, "is nested too deeply"),
        (b'<a b="\xff\xfe">\xc3\x28</a>', "utf-8", "is no XML"),
        ("<a/>", "no-such-charset", "is not in the encoding that it names"),
        ("<a>\0</a>", None, "is no XML"),
        ("", None, "is no XML"),
        ("<p><Person>text</Person></p>", None, "no record with fields"),
        (("<a>" + "x" * 20_000_000 + "</a>"), None, "the reply is too large"),
    ],
)
async def test_hostile_xml(server: ScriptedServer, body: str | bytes, charset: str | None, words: str) -> None:
    """No DTD, no entity, no endless nesting: refused as malformed, naming where, and never expanded or fetched."""
    server.answer = lambda _asked: xml(body, charset=charset)
    error = await problem(server.config({"name": "customers", "path": "/people", "rows": "Person"}))
    assert error.problem in {Problem.MALFORMED, Problem.TOO_LARGE}
    assert words in error.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([{"message": "No such column 'Phon'", "errorCode": "INVALID_FIELD"}], "No such column 'Phon' (INVALID_FIELD)"),
        (
            {"error": {"code": "005056A509B1/1", "message": {"lang": "en", "value": "Not found"}}},
            "Not found (005056A509B1/1)",
        ),
        ({"error": {"code": "0x80040217", "message": "contact does not exist"}}, "contact does not exist (0x80040217)"),
        ({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Age is wrong"}, "Age is wrong"),
        (
            {
                "title": "Bad Request",
                "status": 400,
                "o:errorDetails": [{"detail": "Bad filter", "o:errorCode": "INVALID_VALUE"}],
            },
            "Bad filter (INVALID_VALUE)",
        ),
        ({"errors": [{"title": "Wrong", "detail": "phone is no number"}]}, "phone is no number"),
        ({"error": "invalid_request"}, "invalid_request"),
        ({"id": 1, "error": ["UserError", ["Not allowed.", "Ask Max", None]]}, "UserError: Not allowed.: Ask Max"),
        ({"errors": ["phone is wrong", "so is age"]}, "phone is wrong: so is age"),
        ({"phone": ["Enter a valid value."]}, "phone: Enter a valid value."),
        ({"errorMessage": "broken"}, "broken"),
        ({"items": []}, "no reason given"),
        ("<error><code>E7</code><message lang='en'>Not allowed</message></error>", "Not allowed (E7)"),
        (
            "<e:Envelope xmlns:e='u'><e:Body><e:Fault><faultstring>No</faultstring></e:Fault></e:Body></e:Envelope>",
            "No",
        ),
        ("<!DOCTYPE html><html>Error for 493515550123</html>", "no reason given"),
        ("Ups", "no reason given"),
    ],
)
async def test_errors_of_any_shape(server: ScriptedServer, body: Any, words: str) -> None:
    """Whatever shape an error has, its sentence and code are told, with the status."""
    server.answer = lambda _asked: (
        web.Response(text=body, status=400, content_type="application/xml" if "<" in body else "text/plain")
        if isinstance(body, str)
        else web.json_response(body, status=400)
    )
    error = await problem(server.config(STEP))
    assert (Problem.FAULT, 400) == (error.problem, error.status)
    assert f"HTTP 400: {words}" in error.message


async def test_cookies_are_not_kept(server: ScriptedServer) -> None:
    """A backend's cookies don't tie lookups together."""
    server.answer = lambda _asked: web.json_response({"items": []}, headers={"Set-Cookie": "s=1; Path=/"})
    steps = [STEP, {**STEP, "name": "again", "when": "customers"}]
    config = server.config(*steps)
    for _ in range(2):
        await ids(config)
    assert not any("Cookie" in asked.headers for asked in server.asked)


async def test_absent_by_sign(server: ScriptedServer) -> None:
    """A status, or a code with it, may mean that there is none; the same status for another reason is an error."""
    server.answer = lambda _asked: web.json_response({"code": "NO_CUSTOMER"}, status=422)
    sign = {"statuses": [422], "where": {"code": ["NO_CUSTOMER", "GONE"]}}
    assert [] == await ids(server.config({**STEP, "absent": [404, sign]}))
    server.answer = lambda _asked: web.json_response({"code": "BROKEN"}, status=422)
    assert 422 == (await problem(server.config({**STEP, "absent": [404, sign]}))).status
    server.answer = lambda _asked: web.Response(status=403)
    assert [] == await ids(server.config({**STEP, "absent": [403]}))


async def test_an_error_that_says_200(server: ScriptedServer) -> None:
    """Where the configuration says how, an error with status 200 is one, in its own words, not an empty result."""
    server.answer = lambda _asked: web.json_response(
        {"name": "Access Denied", "number": 40, "description": "no access"}
    )
    assert [] == await ids(server.config(STEP))
    error = await problem(server.config(STEP, errors=[{"present": ["number", "name"]}]))
    assert Problem.FAULT == error.problem
    assert "HTTP 200: no access (40)" in error.message
    assert [] == await ids(server.config(STEP, errors=[{"present": ["number", "error"]}]))


def answering(body: Any) -> Callable[[Asked], web.StreamResponse]:
    return lambda _asked: web.json_response(body)


async def test_a_code_that_is_not_the_good_one(server: ScriptedServer) -> None:
    """Where all codes but some mean an error, each other one does; where there is no code, there is no error."""
    errors = {"differs": {"status.code": [0, "OK"]}}
    for code, is_error in ((0, False), ("OK", False), (None, False), (17, True), ("ok", True)):
        body = {"status": {"code": code, "message": "No such table"}, "items": []}
        server.answer = answering(body)
        config = server.config({**STEP, "rows": "items"}, errors=errors)
        if is_error:
            assert "HTTP 200: No such table" in (await problem(config)).message
        else:
            assert [] == await ids(config)


async def test_values_that_mean_nothing(server: ScriptedServer) -> None:
    """What the backend calls nothing is asked for in no later step, and no text in a customer."""
    server.answer = lambda _asked: web.json_response({"items": [{"id": 1, "name": False, "parent": False}]})
    parent = {"name": "parents", "each": "customers.parent", "path": "/{id}", "values": {"id": {"from": "item"}}}
    operation = {"key": "phone", "records": "customers", "steps": [STEP, parent]}
    config = {**server.config(STEP, nothing=[False]), "operations": {"by_phone": operation}}
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[MAPPINGS])
    await connector.start()
    [record] = await connector.lookup(by_phone("+493515550123"))
    await connector.close()
    assert ("1", "") == (record.id, record.name.full)
    assert ["/api/people?q=x"] == [asked.target for asked in server.asked]


async def test_no_content_is_nobody(server: ScriptedServer) -> None:
    """A lookup that is answered without content found nobody, whatever the headers hold."""
    server.answer = lambda _asked: web.Response(status=204, headers={"ETag": '"1"', "Location": "/people/1"})
    assert [] == await ids(server.config(STEP))
