"""OpenAPI and AsyncAPI: what they say is what there is."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator

from hub.desk.access import Access
from hub.desk.asyncapi import asyncapi
from hub.domain.event import EventType, encode_event
from tests.servers import amqplib
from tests.servers.requirements import require
from tests.unit.desk.house import House
from tests.unit.journal import samples


async def _document(house: House, name: str) -> dict[str, Any]:
    async with house.browser().get(f"/api/v1/{name}.json") as reply:
        assert (200, "application/json") == (reply.status, reply.content_type)
        document: dict[str, Any] = await reply.json()
    return document


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    return set().union(*(_references(value) for value in node)) if isinstance(node, list) else set()


def _resolves(document: dict[str, Any], reference: str) -> bool:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        if part not in node:
            return False
        node = node[part]
    return True


async def test_every_route_that_answers_is_described(house: House) -> None:
    """The router's own table, but for the pages' files, is in the OpenAPI document with its method and access."""
    document = await _document(house, "openapi")
    application = house.server._runner.app
    served = {
        (route.method, route.resource.canonical)
        for route in application.router.routes()
        if route.resource is not None and route.resource.canonical not in ("/", "/{path}")
    }
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    assert served == described
    for route in house.server.routes:
        operation = document["paths"][route.path][route.method.lower()]
        assert (route.access is Access.PUBLIC) == (operation["security"] == [])


async def test_only_the_table_says_who_may(house: House) -> None:
    """Every route under /api but signing in and the two descriptions refuses a stranger."""
    public = set()
    for route in house.server.routes:
        if not route.path.startswith("/api/"):
            continue
        path = re.sub(r"\{\w+\}", "somebody", route.path)
        async with house.browser().request(route.method, path) as reply:
            if reply.status != 401:
                public.add((route.method, route.path))

    assert {
        ("POST", "/api/v1/session"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/asyncapi.json"),
    } == public


async def test_the_descriptions_refer_to_what_is_in_them(house: House) -> None:
    """No reference dangles, and component names are those that the specifications allow."""
    for name in ("openapi", "asyncapi"):
        document = await _document(house, name)
        dangling = [ref for ref in sorted(_references(document)) if not _resolves(document, ref)]
        assert [] == dangling
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", key) for key in document["components"]["schemas"])


async def test_the_versions_are_said(house: House) -> None:
    """OpenAPI 3.1 and AsyncAPI 3, and the hub's own version in both."""
    openapi, described = await _document(house, "openapi"), await _document(house, "asyncapi")

    assert openapi["openapi"].startswith("3.1.")
    assert described["asyncapi"].startswith("3.")
    assert ["1.2.3", "1.2.3"] == [document["info"]["version"] for document in (openapi, described)]


async def test_every_frame_is_a_message_on_the_desks_channel(house: House) -> None:
    """The AsyncAPI document names each frame by its tag."""
    document = await _document(house, "asyncapi")

    assert "/api/v1/desk" == document["channels"]["desk"]["address"]
    assert {"hello", "pop", "context", "closed", "status", "agent", "queues", "team", "callbacks"} == {
        document["components"]["messages"][name]["name"] for name in document["channels"]["desk"]["messages"]
    }


async def test_every_event_is_a_message_of_exchange_and_stream(house: House) -> None:
    """Each type of event, by its routing key, with a payload that the event fits and another type's does not."""
    document = await _document(house, "asyncapi")
    channels = document["channels"]
    assert ("ctihub.events", "topic") == tuple(
        channels["events"]["bindings"]["amqp"]["exchange"][key] for key in ("name", "type")
    )
    assert {str(kind) for kind in EventType} == set(channels["events"]["messages"])
    assert channels["events"]["messages"] == channels["eventStream"]["messages"]
    event = json.loads(encode_event(samples.step(samples.call(1))))
    for kind, fits in (("cti.call.queued", True), ("cti.call.cleared", False), ("cti.agent.ready", False)):
        payload = {**document["components"]["messages"][kind]["payload"], "components": document["components"]}
        assert fits == Draft202012Validator(payload).is_valid(event)


async def test_the_queues_are_described(house: House) -> None:
    """By the names that integrators know, with the headers of a dead letter and each method of request and reply."""
    document = await _document(house, "asyncapi")
    addresses = {name: channel["address"] for name, channel in document["channels"].items()}
    assert {"ctihub.inbound.{feed}", "ctihub.dead", "ctihub.rpc"} <= set(addresses.values())
    messages = document["components"]["messages"]
    assert {"x-feed", "x-reason", "x-mapping", "x-field"} <= set(messages["dead"]["headers"]["properties"])
    asked = {
        document["components"]["schemas"][name]["properties"]["method"]["enum"][0]
        for name in document["channels"]["rpc"]["messages"]
    }
    assert {"customer", "dial", "agent"} <= asked


def test_the_standards_own_schema_admits_the_description() -> None:
    """The AsyncAPI document is one, as the JSON Schema of AsyncAPI 3.0 has it, which does not admit everything."""
    require("amqplib")
    folder = amqplib.PACKAGES.installed()
    assert folder is not None
    standard = json.loads(Path(folder, "node_modules/@asyncapi/specs/schemas/3.0.0.json").read_text())
    check = Draft7Validator(standard)
    document = asyncapi(version="1.2.3", cookie_name="session")
    assert [] == [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(document)]
    document["operations"]["publishEvents"]["action"] = "shout"
    assert not check.is_valid(document)
