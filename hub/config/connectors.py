"""The kinds of connectors that ctihub brings with it: one model per kind, told apart by `kind`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hub.config.addresses import BaseAddress
from hub.config.connector_base import ConnectorBase, OperationName
from hub.config.http_access import HttpAuth
from hub.config.operations import ODataOperation, ODataStep, RestCheck, RestOperation
from hub.config.paths import ExistingFile
from hub.config.patterned import patterned
from hub.config.reply_signs import ReplySigns
from hub.config.request import AddressPart
from hub.config.session import ODataSession, RestSession
from hub.config.soap import SoapConnector as SoapConnector  # noqa: PLC0414 - one place names all kinds
from hub.config.unknown_fields import UnknownFields
from hub.config.writes import ODataWrite, RestWrite
from hub.domain.writeback import WriteKind


def _as_request(given: object) -> object:
    return ({"path": given} if given else None) if isinstance(given, str) else given


class RestConnector(ConnectorBase):
    """A backend that speaks JSON or XML over HTTP. `check` is a path that a check may GET, or a request.

    `errors` are the signs of an error in a reply whose status says that all is well.
    `openapi` is a file with its description, which `ctihub lint` compares the operations with. `throttled` are signs of
    too many requests, for a backend that says so otherwise than by HTTP 429. `unknown_fields` are its words for a field
    that it has not, or not for this user: one of a statement's `optional_fields` is left out then.
    """

    kind: Literal["rest"]
    url: BaseAddress
    auth: HttpAuth | None = None
    params: dict[str, str] = {}
    session: RestSession | None = None
    errors: ReplySigns = ()
    throttled: ReplySigns = ()
    unknown_fields: UnknownFields = ()
    check: Annotated[
        RestCheck | None, BeforeValidator(_as_request, json_schema_input_type=AddressPart | RestCheck | None)
    ] = None
    openapi: ExistingFile | None = None
    operations: Annotated[dict[OperationName, RestOperation], Field(min_length=1)]
    writes: dict[WriteKind, RestWrite] = {}

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self

    @model_validator(mode="after")
    def _fields_can_be_refused(self) -> Self:
        steps = [step for operation in self.operations.values() for step in operation.steps]
        asked = (*steps, *((self.check,) if self.check is not None else ()))
        if not self.unknown_fields and any(step.optional_fields for step in asked):
            raise ValueError("`optional_fields` need `unknown_fields`: how the backend says that it has no such field")
        return self

    def further_sources(self) -> Iterable[str]:
        return self.check.sources() if self.check is not None else ()


def _one_for_all(given: object) -> object:
    return {"": given} if isinstance(given, str) else given


class ODataConnector(ConnectorBase):
    """An OData service, V2 (SAP Gateway) or V4. `params` go with each request, as in {sap-client: "100"}.

    `url` is the folder of the services; a step's `service` is appended to it. `metadata` is a file with the service's
    description ($metadata), or one for each service, which `ctihub lint` compares the operations with.

    `unknown_fields` are the service's words for a field that it has not, by which a step's `optional_fields` are left
    out; unset, those of Microsoft's services.

    `prefer` goes with each request as the header of that name. `tunnel` sends PATCH, PUT and MERGE as POST with the
    method in `X-HTTP-Method`, where something on the way lets only GET and POST through.
    """

    kind: Literal["odata"]
    url: BaseAddress
    version: Literal["v2", "v4"] = "v2"
    unknown_fields: UnknownFields = ("Could not find a property named '{field}' on type",)
    prefer: Annotated[str, patterned(r'[A-Za-z0-9!#$%&*+.^_`|~="@;, /-]{0,500}', "a Prefer header, on one line")] = ""
    tunnel: bool = False
    auth: HttpAuth | None = None
    params: dict[str, str] = {}
    session: ODataSession | None = None
    metadata: Annotated[dict[str, ExistingFile], BeforeValidator(_one_for_all)] = {}
    operations: Annotated[dict[OperationName, ODataOperation], Field(min_length=1)]
    writes: dict[WriteKind, ODataWrite] = {}

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self

    @model_validator(mode="after")
    def _of_its_version(self) -> Self:
        for step in self.every_step():
            if self.version == "v2" and any("[]" in name for name in (*step.where, *step.any_of)):
                raise ValueError(f"step {step.name!r}: OData V2 can't ask for one of several, as NAME[] does in V4")
            if self.version == "v2" and step.expand_options:
                raise ValueError(f"step {step.name!r}: `expand_options` are OData V4's; in V2 name paths in `select`")
            if self.version == "v4" and step.method == "MERGE":
                raise ValueError(f"step {step.name!r}: MERGE is OData V2's; in V4 it is PATCH")
            if self.version == "v2" and step.create_only:
                raise ValueError(f"step {step.name!r}: `create_only` is OData V4's; in V2 use POST behind `unless`")
        return self

    def every_step(self) -> Iterator[ODataStep]:
        for operation in self.operations.values():
            yield from operation.steps
        for write in self.writes.values():
            yield from write.steps
