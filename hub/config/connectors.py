"""Connectors in the configuration: one model per kind, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from hub.config.http_access import HeaderName, HttpAuth, SoapAuth, Trust, no_line_break
from hub.config.operations import ODataOperation, RestOperation, SoapOperation
from hub.config.paths import ExistingFile, existing_file
from hub.config.patterned import patterned
from hub.config.presets import with_preset
from hub.config.request import AddressPart, Arguments, found_in
from hub.config.section import Section

OperationName = Annotated[
    str, patterned(r"[a-z][a-z0-9_]{0,63}", "small letters, digits and _, beginning with a letter, at most 64")
]
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


class ConnectorBase(Section):
    """What every backend has.

    `preset` names a system whose operations and mapping are shipped; keys written here win over it.
    `mapping` is a file under `mappings`, without .yaml, for operations that name none.
    """

    title: Annotated[str, Field(max_length=100)] = ""
    preset: str | None = None
    mapping: str | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    max_concurrent: Annotated[int, Field(ge=1, le=200)] = 10
    max_reply_bytes: Annotated[int, Field(ge=1_024, le=64 * 1024 * 1024)] = 5 * 1024 * 1024
    max_records: Annotated[int, Field(ge=1, le=500)] = 50
    tls: Trust = Trust()
    headers: Annotated[dict[HeaderName, SecretStr], Field(description="HTTP headers sent with every request")] = {}

    _lines = field_validator("headers")(
        lambda headers: {name: no_line_break(value) for name, value in headers.items()},
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, data: Any) -> Any:
        return with_preset(data) if isinstance(data, dict) and isinstance(data.get("preset"), str) else data

    def check_mappings(self, operations: dict[str, Any]) -> None:
        """Raise ValueError if an operation has no mapping, or two look up by the same key."""
        keys: dict[tuple[str, str], str] = {}
        for name, operation in operations.items():
            if not (operation.mapping or self.mapping):
                raise ValueError(f"operation {name!r} has no mapping: give `mapping`, here or in the operation")
            other = keys.setdefault((operation.key, operation.system), name)
            if other != name:
                raise ValueError(f"operations {other!r} and {name!r} both look up by {operation.key}: keep one")


class RestConnector(ConnectorBase):
    """A backend that speaks JSON over HTTP. `check` is a path that a check may GET."""

    kind: Literal["rest"]
    url: BaseAddress
    auth: HttpAuth | None = None
    params: dict[str, str] = {}
    check: AddressPart = ""
    operations: Annotated[dict[OperationName, RestOperation], Field(min_length=1)]

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

    @model_validator(mode="after")
    def _mappings(self) -> Self:
        self.check_mappings(self.operations)
        return self

    @property
    def wsdl_is_remote(self) -> bool:
        return self.wsdl.startswith(("http://", "https://"))


ConnectorConfig = Annotated[RestConnector | SoapConnector | ODataConnector, Field(discriminator="kind")]
