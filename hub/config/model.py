"""The whole configuration as one typed model. Unknown keys are errors; every default is written here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from hub.config.addresses import WebAddress
from hub.config.anticipation import AnticipationSection
from hub.config.connector_kinds import ConnectorConfig
from hub.config.identity import IdentitySection
from hub.config.inbound import InboundFeed
from hub.config.merge import MergeSection
from hub.config.names import Device, ListenAddress, Name
from hub.config.paths import ConfigPath, ExistingFile, from_folder
from hub.config.pbx import PbxSection, QueueName
from hub.config.placed import PlacedError
from hub.config.privacy import PrivacySection
from hub.config.repeats import RepeatsSection
from hub.config.routing import RoutingSection
from hub.config.section import Section
from hub.config.sql_address import SqlAddress
from hub.config.warm import WarmSection
from hub.domain.phone import is_region
from hub.domain.store_place import ServerPlace, StorePlace

_SQLITE = "sqlite:///"
_POSTGRESQL = frozenset({"postgresql", "postgres"})


def _token(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < 8:  # noqa: PLR2004 - below that a token can be guessed
        raise ValueError("too short to be a token: at least 8 characters")
    return token


Token = Annotated[SecretStr, AfterValidator(_token)]

TokenRight = Literal["read", "control", "supervise", "configure", "publish", "operate", "audit", "record"]
"""Read events and calls; command calls for any agent; listen in on agents as well; reload connectors; hand messages to
the feeds that the token names; see to dead letters; see who has seen whose data; record contacts with
customers."""


def _region(text: str) -> str:
    if not is_region(text):
        hint = ": the United Kingdom is GB" if text.upper() == "UK" else ""
        raise ValueError(f'must be a two-letter country code in capitals, as in "DE" or "CN"{hint}')
    return text


class HubSection(Section):
    """The process itself: where it listens, and the country whose national number format the site uses."""

    listen: ListenAddress = "127.0.0.1:8080"
    region: Annotated[str, AfterValidator(_region)]
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    mappings: Annotated[
        tuple[ConfigPath, ...],
        Field(
            description="Folders with mapping files, from the configuration's own; before those that ctihub ships",
            validate_default=True,
        ),
    ] = ("mappings",)


class StoreSection(Section):
    """Where everything is kept: the journal, dead letters, who may sign in.

    The url is `sqlite:///PATH`, a relative path taken from the configuration's folder, or
    `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`; as it holds the password it is a secret as a whole.
    """

    url: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("sqlite:///ctihub.db")
    tls: Annotated[
        bool, Field(description="A PostgreSQL server is spoken to encrypted only, and its certificate checked")
    ] = False
    ca_file: Annotated[
        ExistingFile | None, Field(description="Who may have signed that certificate; unset: whom the system trusts")
    ] = None

    @field_validator("url")
    @classmethod
    def _file_or_server(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        text = url.get_secret_value()
        scheme = text.partition("://")[0]
        if scheme in _POSTGRESQL:
            if not SqlAddress.read(text).username:
                raise ValueError("must name the user, as in postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
            return url
        path = text.removeprefix(_SQLITE)
        if not path or path == text:
            raise ValueError(
                'must be sqlite:///PATH, as in "sqlite:///ctihub.db", or postgresql://USER:PASSWORD@HOST:PORT/DATABASE'
            )
        return SecretStr(_SQLITE + from_folder(path, info))

    @model_validator(mode="after")
    def _encrypts_a_connection(self) -> Self:
        if isinstance(self.place, Path) and (self.tls or self.ca_file is not None):
            raise ValueError("a file has no connection to encrypt: take `tls` and `ca_file` out")
        return self

    @property
    def place(self) -> StorePlace:
        """Where that is: SQLite's file, or a database on a server."""
        text = self.url.get_secret_value()
        if text.startswith(_SQLITE):
            return Path(text.removeprefix(_SQLITE))
        address = SqlAddress.read(text)
        return ServerPlace(
            host=address.host,
            port=address.port,
            database=address.name,
            user=address.username,
            password=address.password,
            verified=self.tls or self.ca_file is not None,
            ca_file=self.ca_file,
        )


class BusSection(Section):
    """The broker that every event also goes to. The url holds the password and is a secret as a whole."""

    url: SecretStr
    exchange: Name = "ctihub.events"
    content_mode: Annotated[
        Literal["structured", "binary"],
        Field(description="CloudEvents: all in the body, or the data alone with the attributes in the headers"),
    ] = "structured"
    ca_file: ExistingFile | None = None
    window: Annotated[int, Field(ge=1, le=10_000)] = 500

    @field_validator("url")
    @classmethod
    def _amqp(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in {"amqp", "amqps"}:
            raise ValueError("must be amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://...")
        if parts.query or parts.fragment:
            raise ValueError("must hold no ? or #: in a password or virtual host write %3F and %23 for them")
        return url


class AgentSection(Section):
    """A person who takes calls. Devices are Asterisk's names, as in PJSIP/1001; `pbx` only if there are several.

    `Agent/1001` is an agent of app_agent_pool, `Local/1001@agents` a queue's member that has the phone rung.

    `queues` are those that `log_on` makes them a member of and whose calls they may pick up (without any: those of the
    queues that they are logged on to); a supervisor may see and command other agents too.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    devices: Annotated[tuple[Device, ...], Field(min_length=1)]
    language: Literal["en", "zh"] | None = None
    pbx: str | None = None
    role: Literal["agent", "supervisor"] = "agent"
    queues: tuple[QueueName, ...] = ()


class RememberSection(Section):
    """Whether what backends answered is kept in the store, for the search and for when a backend is down.

    `not_of` are connectors whose answers are not; what feeds tell is always kept.
    """

    answers: bool = True
    not_of: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()

    def remembers(self, system: str) -> bool:
        return self.answers and system not in self.not_of


class ContextSection(Section):
    """How customers are looked up. `budget_s` is what a lookup may take before its card shows a notice.

    Answers are kept for `cache_s` seconds (0: not at all), and for `cache_stale_s` more shown with their age while the
    backend is asked again; that nobody was found counts for `cache_negative_s`. A connector's `cache` says otherwise.
    """

    budget_s: Annotated[float, Field(gt=0, le=30)] = 1.0
    cache_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    cache_stale_s: Annotated[float, Field(ge=0, le=604_800)] = 3_600.0
    cache_negative_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    cache_entries: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    cache_bytes: Annotated[int, Field(ge=65_536, le=16 * 1024**3)] = 64 * 1024 * 1024
    interactions: Annotated[int, Field(ge=0, le=500)] = 10
    remember: RememberSection = RememberSection()
    repeats: RepeatsSection = RepeatsSection()
    identity: IdentitySection = IdentitySection()
    merge: MergeSection = MergeSection()
    anticipation: AnticipationSection = AnticipationSection()
    warm: WarmSection = WarmSection()
    privacy: PrivacySection = PrivacySection()


class DeskSection(Section):
    """The agents' pages. `public_url` is what a browser sees, when a proxy stands in front (https)."""

    public_url: WebAddress | None = None
    language: Annotated[
        Literal["en", "zh"] | None, Field(description="Of agents without one; unset: the browser's")
    ] = None
    session_hours: Annotated[float, Field(gt=0, le=168)] = 12.0
    not_ready_reasons: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(description="What an agent can choose from when going not ready"),
    ] = ("Break", "Lunch", "Meeting", "Training")
    dispositions: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(description="Results of a call that an agent can choose from", max_length=50),
    ] = ("Solved", "Call back", "Passed on", "Complaint", "Wrong number")


class TokenSection(Section):
    """A machine's bearer token and what it may do."""

    token: Token
    may: Annotated[tuple[TokenRight, ...], Field(min_length=1)] = ("read",)
    feeds: Annotated[
        tuple[Name, ...], Field(description="With `publish`: the feeds that this token may hand messages to")
    ] = ()

    @model_validator(mode="after")
    def _publishes_somewhere(self) -> Self:
        if ("publish" in self.may) != bool(self.feeds):
            raise PlacedError(("feeds",), "`may: [publish]` and `feeds: [..]` belong together: name the feeds")
        return self


def _token_alone(given: object) -> object:
    return {"token": given} if isinstance(given, str | SecretStr) else given


class AuthSection(Section):
    """Who may ask. `tokens` are machines' bearer tokens: name to token, which may read, or to `token` and `may`."""

    tokens: dict[Name, Annotated[TokenSection, BeforeValidator(_token_alone)]] = {}


class Config(Section):
    """`ctihub.yaml` as a whole."""

    hub: HubSection
    store: StoreSection = StoreSection()
    bus: BusSection | None = None
    pbx: Annotated[dict[Name, PbxSection], Field(min_length=1)]
    agents: dict[Name, AgentSection] = {}
    connectors: dict[Name, ConnectorConfig] = {}
    context: ContextSection = ContextSection()
    routing: RoutingSection | None = None
    inbound: dict[Name, InboundFeed] = {}
    desk: DeskSection = DeskSection()
    auth: AuthSection = AuthSection()

    def agent_devices(self, pbx: str) -> dict[str, str]:
        """Return the agents' devices on one PBX: device name to agent id."""
        only = next(iter(self.pbx)) if len(self.pbx) == 1 else None
        return {
            device: agent_id
            for agent_id, agent in self.agents.items()
            if (agent.pbx or only or pbx) == pbx
            for device in agent.devices
        }

    def named_queues(self, pbx: str) -> set[str]:
        """Return the queues that must be on one PBX: those that its agents log on to, and that call customers back."""
        only = len(self.pbx) == 1
        queues = {queue for agent in self.agents.values() if agent.pbx == pbx or only for queue in agent.queues}
        for feed in self.inbound.values():
            callback = feed.web.callback if feed.web is not None else None
            if callback is not None and (callback.pbx == pbx or only):
                queues.add(callback.queue)
        return queues

    @property
    def listen_host(self) -> str:
        return self.hub.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        return int(self.hub.listen.rpartition(":")[2])
