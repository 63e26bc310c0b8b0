"""The kinds of connectors that ctihub brings with it: one model per kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator

from hub.config.connector_base import ConnectorBase, OperationName
from hub.config.http_access import HttpAuth, SoapAuth
from hub.config.operations import ODataOperation, RestOperation, SoapOperation
from hub.config.paths import ExistingFile, existing_file
from hub.config.patterned import patterned
from hub.config.request import AddressPart, Arguments, found_in
from hub.config.section import Section
from hub.config.writes import ODataWrite, RestWrite, SoapWrite
from hub.domain.writeback import WriteKind

ElementName = Annotated[
    str, patterned(r"[A-Za-z_][A-Za-z0-9_.-]*", "an element's name: letters, digits, _ . or -, beginning with a letter")
]


def web_address(text: str) -> str:
    """Accept http and https addresses without a password in them. Raises ValueError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or any(character.isspace() for character in text):
        raise ValueError("must be an address, as in https://host/path")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or password: use `auth`")
    if parts.fragment:
        raise ValueError("must not hold a # part")
    return text


def base_address(text: str) -> str:
    """Accept a web address that paths can be appended to. Raises ValueError."""
    if urlsplit(web_address(text)).query:
        raise ValueError("must not hold a ? part: use `params`")
    return text


def wsdl_place(text: str, info: ValidationInfo) -> str:
    """Accept a web address or a file that is there. Raises ValueError."""
    return web_address(text) if "://" in text else existing_file(text, info)


WebAddress = Annotated[str, AfterValidator(web_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]


class RestConnector(ConnectorBase):
    """A backend that speaks JSON over HTTP. `check` is a path that a check may GET."""

    kind: Literal["rest"]
    url: BaseAddress
    auth: HttpAuth | None = None
    params: dict[str, str] = {}
    check: AddressPart = ""
    operations: Annotated[dict[OperationName, RestOperation], Field(min_length=1)]
    writes: dict[WriteKind, RestWrite] = {}

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self


class ODataConnector(ConnectorBase):
    """An OData service, V2 (SAP Gateway) or V4. `params` go with each request, as in {sap-client: "100"}.

    `url` is the folder of the services; a step's `service` is appended to it.
    """

    kind: Literal["odata"]
    url: BaseAddress
    version: Literal["v2", "v4"] = "v2"
    auth: HttpAuth | None = None
    params: dict[str, str] = {}
    operations: Annotated[dict[OperationName, ODataOperation], Field(min_length=1)]
    writes: dict[WriteKind, ODataWrite] = {}

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self


class SoapHeader(Section):
    """A header block of the envelope: `{namespace}name` and its children, or `text`."""

    element: Annotated[
        str, patterned(r"\{[^{}\s]+\}[A-Za-z_][A-Za-z0-9_.-]*", "{namespace}name, as in {urn:example}Session")
    ]
    children: dict[ElementName, SecretStr] = {}
    text: SecretStr | None = None


class SoapCheck(Section):
    """A harmless call that shows whether the user may sign in; `arguments` are sent as they are."""

    operation: Annotated[str, Field(min_length=1, max_length=200)]
    arguments: Arguments = {}

    @model_validator(mode="after")
    def _constant(self) -> Self:
        if any(True for _ in found_in(self.arguments)):
            raise ValueError("a check has no caller to take values `from`: give them as they are")
        return self


class SoapConnector(ConnectorBase):
    """A SOAP 1.1 or 1.2 service.

    `wsdl` is a file (from the configuration's folder) or an address. `url` is where calls go, if not where the WSDL
    says. `addresses` maps each address that the WSDL imports to a local file; `svcmap` is a Reference.svcmap that
    does. Beyond these, a WSDL that is an address may import from its own host only, one that is a file from its folder.
    """

    kind: Literal["soap"]
    wsdl: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(wsdl_place)]
    url: WebAddress | None = None
    service: str | None = None
    port: str | None = None
    addresses: dict[str, ExistingFile] = {}
    svcmap: ExistingFile | None = None
    auth: SoapAuth | None = None
    soap_headers: Annotated[tuple[SoapHeader, ...], Field(max_length=10)] = ()
    refused_faults: Annotated[
        tuple[str, ...],
        Field(description="Texts in a fault that mean: the user may not. Standard WS-Security codes are known"),
    ] = ()
    check: SoapCheck | None = None
    operations: Annotated[dict[OperationName, SoapOperation], Field(min_length=1)]
    writes: dict[WriteKind, SoapWrite] = {}

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self

    @property
    def wsdl_is_remote(self) -> bool:
        return self.wsdl.startswith(("http://", "https://"))
