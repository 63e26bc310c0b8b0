"""Contracts whose types are made of themselves."""

import json

import pytest

from connectors.odata.metadata import read_metadata
from connectors.rest.openapi import read_openapi

_EDMX = (
    '<x:Edmx xmlns:x="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><x:DataServices>'
    '<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="n">{types}<EntityContainer Name="c">'
    '<EntitySet Name="E" EntityType="{kind}"/></EntityContainer></Schema></x:DataServices></x:Edmx>'
)


@pytest.mark.parametrize(
    ("types", "kind"),
    [('<TypeDefinition Name="T" UnderlyingType="n.T"/>', "n.T"), ("", "Collection(" * 5_000)],
)
def test_a_type_of_itself_in_metadata(types: str, kind: str) -> None:
    """It is a type of which nothing is known, not the end of the program that reads it."""
    assert read_metadata(_EDMX.format(types=types, kind=kind).encode()).entity_sets["E"].is_open


@pytest.mark.parametrize(
    ("schema", "is_open"),
    [({"type": "array", "items": {"$ref": "#/a"}}, True), ({"allOf": [{"$ref": "#/a"}] * 30}, False)],
)
def test_a_schema_of_itself(schema: dict[str, object], is_open: bool) -> None:
    """A list of lists of lists, and a schema put together from itself, are read and have an end."""
    content = {"application/json": {"schema": {"$ref": "#/a"}}}
    paths = {"/x": {"get": {"responses": {"200": {"content": content}}}}}
    [call] = read_openapi(json.dumps({"openapi": "3.0.0", "paths": paths, "a": schema}).encode()).calls
    assert is_open == call.reply.is_open
    assert {} == call.reply.fields
