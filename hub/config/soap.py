"""A SOAP service: its WSDL, or several, and what goes with each message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, model_validator

from hub.config.addresses import WebAddress, web_address
from hub.config.connector_base import ConnectorBase, OperationName
from hub.config.operations import SoapOperation, SoapStep, StepName
from hub.config.paths import ExistingFile, existing_file
from hub.config.patterned import patterned
from hub.config.placed import PlacedError
from hub.config.request import Arguments, Found, found_in, parse_argument
from hub.config.section import Section
from hub.config.session import SoapSession
from hub.config.soap_auth import SoapAuth
from hub.config.wording import nearest
from hub.config.writes import SoapWrite, WriteOperationBase
from hub.domain.path import Path
from hub.domain.writeback import WriteKind

MAX_HEADER_DEPTH = 5
FaultText = Annotated[str, Field(min_length=1, max_length=200)]
FaultTexts = Annotated[tuple[FaultText, ...], Field(max_length=50)]


def wsdl_place(text: str, info: ValidationInfo) -> str:
    """Accept a web address or a file that is there. Raises ValueError."""
    return web_address(text) if "://" in text else existing_file(text, info)


class SoapContract(Section):
    """A WSDL, and where what it describes is called.

    `wsdl` is a file (from the configuration's folder) or an address. `url` is where calls go, if not where the WSDL
    says. `service` and `port` name one of several; otherwise an operation is called at the first port that has it.
    `addresses` maps each address that the WSDL imports to a local file; `svcmap` is a Reference.svcmap that does.
    Beyond these, a WSDL that is an address may import from its own host only, one that is a file from its folder.
    """

    wsdl: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(wsdl_place)]
    url: WebAddress | None = None
    service: str | None = None
    port: str | None = None
    addresses: dict[str, ExistingFile] = {}
    svcmap: ExistingFile | None = None

    @property
    def wsdl_is_remote(self) -> bool:
        return self.wsdl.startswith(("http://", "https://"))


def _header_value(value: Any, depth: int = 0) -> Any:
    """Read a header's value: text, `{from: session...}`, or elements below it. Raises PlacedError, ValueError."""
    if depth > MAX_HEADER_DEPTH:
        raise ValueError(f"headers are nested too deeply: at most {MAX_HEADER_DEPTH} levels")
    if isinstance(value, dict) and "from" in value:
        found = parse_argument(value)
        if isinstance(found, Found) and Path(found.source).first not in {"session", "settings"}:
            raise ValueError(f"a header reads `session` or `settings`, and {found.source!r} is in neither")
        return found
    if isinstance(value, dict):
        for name in value:
            if (
                not isinstance(name, str)
                or not name.isascii()
                or not name.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()
            ):
                raise PlacedError((str(name),), "an element's name: letters, digits, _ . or -, beginning with a letter")
        return {name: _header_value(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, Found | SecretStr):
        return value
    if isinstance(value, str | int):
        return SecretStr(str(value).lower() if isinstance(value, bool) else str(value))
    raise ValueError("a header holds text, {from: session.NAME}, or elements")


HeaderValue = Annotated[Any, BeforeValidator(_header_value)]
ElementName = Annotated[
    str,
    patterned(r"[A-Za-z_][A-Za-z0-9_.-]*", "an element's name: letters, digits, _ . or -, beginning with a letter"),
]


class SoapHeader(Section):
    """A header block of the envelope: `{namespace}name` and its children, or `text`.

    Values are text, elements of their own, or `{from: session.NAME}`. Without its session a header is left out.
    """

    element: Annotated[
        str, patterned(r"\{[^{}\s]+\}[A-Za-z_][A-Za-z0-9_.-]*", "{namespace}name, as in {urn:example}Session")
    ]
    children: dict[ElementName, HeaderValue] = {}
    text: HeaderValue = None


class SoapCheck(Section):
    """A harmless call that shows whether the user may sign in; `arguments` are sent as they are."""

    operation: Annotated[str, Field(min_length=1, max_length=200)]
    contract: StepName | None = None
    arguments: Arguments = {}

    @model_validator(mode="after")
    def _constant(self) -> Self:
        if any(True for _ in found_in(self.arguments)):
            raise ValueError("a check has no caller to take values `from`: give them as they are")
        return self


class SoapConnector(ConnectorBase, SoapContract):
    """A SOAP 1.1 or 1.2 service.

    `contracts` are further WSDLs of the same backend, for steps that name one (`contract: NAME`). Texts in a fault's
    code or words tell what it means: `refused_faults` that the user may not, `throttled_faults` that there were too
    many requests.
    """

    kind: Literal["soap"]
    contracts: Annotated[dict[StepName, SoapContract], Field(max_length=20)] = {}
    auth: SoapAuth | None = None
    soap_headers: Annotated[tuple[SoapHeader, ...], Field(max_length=10)] = ()
    refused_faults: FaultTexts = ()
    throttled_faults: FaultTexts = ()
    session: SoapSession | None = None
    check: SoapCheck | None = None
    operations: Annotated[dict[OperationName, SoapOperation], Field(min_length=1)]
    writes: dict[WriteKind, SoapWrite] = {}

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        self.check_mappings(self.operations)
        for place, step in self._placed_steps():
            if step.contract is not None and step.contract not in self.contracts and not step.optional:
                known = list(self.contracts)
                message = f"step {step.name!r} needs the contract {step.contract!r}: give its `wsdl` under `contracts`"
                raise PlacedError(place, message + (nearest(step.contract, known) if known else ""))
        return self

    def every_step(self) -> Iterator[SoapStep]:
        return (step for _, step in self._placed_steps())

    def _placed_steps(self) -> Iterator[tuple[tuple[str | int, ...], SoapStep]]:
        groups: tuple[tuple[str, Mapping[Any, SoapOperation | SoapWrite]], ...] = (
            ("operations", self.operations),
            ("writes", self.writes),
        )
        for key, group in groups:
            for name, operation in group.items():
                for index, step in enumerate(operation.steps):
                    yield (key, str(name), "steps", index), step

    def further_sources(self) -> Iterator[str]:
        """Yield what the header blocks read."""
        for header in self.soap_headers:
            for value in (header.text, *header.children.values()):
                yield from (found.source for found in found_in(value))

    def is_left_out(self, step: SoapStep) -> bool:
        """Whether a step asks a service that this site doesn't have."""
        return step.contract is not None and step.contract not in self.contracts

    @property
    def written(self) -> Mapping[str, WriteOperationBase]:
        """What can be written with the contracts that are given."""
        return {
            kind: operation
            for kind, operation in self.writes.items()
            if not any(self.is_left_out(step) for step in operation.steps)
        }
