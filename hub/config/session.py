"""A login that goes before everything else: what it gives is read by all steps until it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hub.config.header_name import HeaderName
from hub.config.operations import ALWAYS_THERE, ODataStep, RestStep, SoapStep, StepBase, check_order
from hub.config.placed import PlacedError
from hub.config.reply_signs import ReplySign, ReplySigns
from hub.config.request import found_in, parse_argument
from hub.config.section import Section
from hub.config.wording import nearest
from hub.domain.path import Path

MAX_LOGIN_STEPS = 5


class SessionBase(Section):
    """The first row of the last step of `login` is `session.*` for all other steps.

    Login steps read the connector's `credentials`, and the login steps before them. One login serves all lookups for
    `lasts_s`, or until a reply bears a sign of `expired` (HTTP 401 unless given): then the login is made again and the
    request repeated once. `logout` is a step that is made when the connector is closed. `headers` go with every request
    of the session; they read `session`, `credentials` and `settings`.
    """

    lasts_s: Annotated[int, Field(ge=10, le=86_400)] = 1_200
    expired: ReplySigns = (ReplySign(statuses=(401,)),)
    headers: Annotated[dict[HeaderName, Annotated[Any, BeforeValidator(parse_argument)]], Field(max_length=10)] = {}

    @property
    def login_steps(self) -> Sequence[StepBase]:
        """The steps of `login`, in order."""
        return getattr(self, "login", ())

    @property
    def logout_step(self) -> StepBase | None:
        """The step of `logout`, if there is one."""
        return getattr(self, "logout", None)

    def check(self, credentials: Sequence[str]) -> None:
        """Raise PlacedError if a step reads what is not there, or a header something else than the session."""
        try:
            check_order(self.login_steps, "credentials", credentials, "`credentials`")
        except PlacedError as error:
            raise PlacedError(("login", *error.path[1:]), str(error)) from None
        for index, step in enumerate(self.login_steps):
            if any(Path(source).first == "session" for source in step.sources()):
                raise PlacedError(("login", index), f"step {step.name!r} reads `session`, which the login is to give")
        for name, argument in self.headers.items():
            for found in found_in(argument):
                first, *inside = Path(found.source).names or ("",)
                if first not in {"session", "settings", "credentials"}:
                    message = f"reads {found.source!r}: a header reads `session`, `credentials` and `settings`"
                    raise PlacedError(("headers", name), message)
                if first == "credentials" and inside[:1] not in [[known] for known in credentials]:
                    hint = nearest(inside[0] if inside else "", credentials)
                    raise PlacedError(
                        ("headers", name), f"reads {found.source!r}, which `credentials` does not have{hint}"
                    )

        for source in self.logout_step.sources() if self.logout_step is not None else ():
            if Path(source).first not in ALWAYS_THERE:
                raise PlacedError(("logout",), f"reads {source!r}: it reads `session`, `credentials` and `settings`")

    def sources(self) -> Iterator[str]:
        """Yield what the headers and the logout read."""
        for argument in self.headers.values():
            yield from (found.source for found in found_in(argument))
        if self.logout_step is not None:
            yield from self.logout_step.sources()


def fields_of(root: str, sources: Iterable[str]) -> set[str]:
    """Return the fields of the session, or of what else stands at `root`, among the paths that are read."""
    names = (Path(source).names for source in sources)
    return {name[1] for name in names if len(name) > 1 and name[0] == root}


Login = Field(min_length=1, max_length=MAX_LOGIN_STEPS)


class RestSession(SessionBase):
    login: Annotated[tuple[RestStep, ...], Login]
    logout: RestStep | None = None


class ODataSession(SessionBase):
    login: Annotated[tuple[ODataStep, ...], Login]
    logout: ODataStep | None = None


class SoapSession(SessionBase):
    login: Annotated[tuple[SoapStep, ...], Login]
    logout: SoapStep | None = None
