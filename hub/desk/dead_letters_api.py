"""`/api/v1/dead-letters`: what could not be understood or written; looked at, tried again, or put away."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from aiohttp import hdrs, web

from hub.desk.access import Access, Caller
from hub.desk.body import json_body
from hub.desk.paging import Limit
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Parameter, Route
from hub.desk.sight import Sight
from hub.domain.inbound import REPLAY_BEGUN, DeadLetter, DeadLetterState
from hub.domain.ports import AccessAction, DeadLetters

PATH: Final = "/api/v1/dead-letters"
_LIMIT: Final = Limit(usual=50, most=500)
OUTCOME_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05
_MAX_TEXT: Final = 200
_MAX_IDS: Final = 1_000
_PAGE: Final = 500
_ACCEPTED: Final = 202
_ORIGIN: Final = re.compile(r"/(feed|connector)/[^/\s]+")

_ID = Parameter(
    name="id", place="path", description="The dead letter's id.", schema={"type": "string", "maxLength": _MAX_TEXT}
)


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which are to be tried again: those with these `ids`, all that wait of an `origin`, or `all` that wait."""

    ids: tuple[str, ...] = ()
    origin: str = ""
    all: bool = False


class ReplayAsked(msgspec.Struct, frozen=True):
    """How many are tried again, within a few seconds; how that goes is told by each of them."""

    replaying: int


_DECODER = msgspec.json.Decoder(ReplayRequest)


class DeadLettersApi:
    """`replay_asked` is called when some are to be tried again."""

    def __init__(self, *, letters: DeadLetters, replay_asked: Callable[[], None], sight: Sight) -> None:
        self._letters = letters
        self._sight = sight
        self._replay_asked = replay_asked

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path=PATH,
                access=Access.OPERATOR,
                handler=self._list,
                summary="What could not be understood or written, the newest first, without the originals.",
                reply=list[DeadLetter],
                parameters=(
                    Parameter(
                        name="origin",
                        description="Only what came from here: /feed/NAME or /connector/NAME.",
                        schema={"type": "string", "maxLength": _MAX_TEXT},
                    ),
                    Parameter(
                        name="state",
                        description="Only those in this state; may be given several times.",
                        schema={"type": "string", "enum": [state.value for state in DeadLetterState]},
                    ),
                    _LIMIT.parameter(),
                    Parameter(
                        name="before",
                        description="The id of the last one of the page before this.",
                        schema={"type": "string", "maxLength": _MAX_TEXT},
                    ),
                ),
                errors=(400, 403, 503),
            ),
            Route(
                method="POST",
                path=f"{PATH}/replay",
                access=Access.OPERATOR,
                handler=self._replay_some,
                summary="Have several tried again, with the mappings as they stand in their files by now.",
                status=_ACCEPTED,
                body=ReplayRequest,
                reply=ReplayAsked,
                errors=(400, 403, 408, 413, 415, 503),
            ),
            Route(
                method="GET",
                path=f"{PATH}/{{id}}",
                access=Access.OPERATOR,
                handler=self._one,
                summary="One dead letter, without its original.",
                reply=DeadLetter,
                parameters=(_ID,),
                errors=(403, 404, 503),
            ),
            Route(
                method="GET",
                path=f"{PATH}/{{id}}/original",
                access=Access.OPERATOR,
                handler=self._original,
                summary="The original, byte by byte as it came.",
                reply=str,
                media="application/octet-stream",
                parameters=(_ID,),
                errors=(403, 404, 503),
            ),
            Route(
                method="POST",
                path=f"{PATH}/{{id}}/replay",
                access=Access.OPERATOR,
                handler=self._replay,
                summary=(
                    "Try it again, with the mapping as it stands in its file by now. It is `replayed` then, or is"
                    f" `waiting` again for a new reason; 202 while that is not known after {OUTCOME_WITHIN_S:g} s."
                ),
                reply=DeadLetter,
                results=(_ACCEPTED,),
                parameters=(_ID,),
                errors=(403, 404, 409, 503),
            ),
            Route(
                method="DELETE",
                path=f"{PATH}/{{id}}",
                access=Access.OPERATOR,
                handler=self._drop,
                summary="Put it away as seen to. It is still there, as `dropped`.",
                reply=DeadLetter,
                parameters=(_ID,),
                errors=(403, 404, 409, 503),
            ),
        )

    async def _list(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        query = request.query
        found = await self._letters.dead_letters(
            origin=_origin(query.get("origin", "")),
            states=_states(query.getall("state", [])),
            before=query.get("before", "")[:_MAX_TEXT] or None,
            limit=_LIMIT.asked(request),
        )
        return json_reply(list(found))

    async def _one(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        return json_reply(_without_body(await self._letter(request)))

    async def _original(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        letter = await self._letter(request)
        # Whose data is in it nobody knows, since nobody understood it.
        self._sight.saw(caller, AccessAction.VIEW, (f"dead_letter:{letter.id}",))
        if letter.file and not letter.body:
            raise ApiError(
                404, "in_a_file", f"The original is too large to be kept here; it is the file {letter.file}."
            )
        # Never what it calls itself: a browser must not take it for a page of the hub's.
        headers = {
            hdrs.CONTENT_DISPOSITION: 'attachment; filename="original"',
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=letter.body, content_type="application/octet-stream", headers=headers)

    async def _replay(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        letter = await self._letter(request)
        if not await self._letters.settle_dead([letter.id], DeadLetterState.REPLAYING):
            raise _over(letter)
        self._replay_asked()
        ends_at = time.monotonic() + OUTCOME_WITHIN_S
        # The store tells nobody what changes in it: `ctihub dlq` may be at work on it, too.
        while _is_under_way(letter := await self._letter(request)) and time.monotonic() < ends_at:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_S)
        return json_reply(_without_body(letter), status=_ACCEPTED if _is_under_way(letter) else 200)

    async def _replay_some(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        wanted = await json_body(request, _DECODER, "request for a replay", 'as in {"origin": "/feed/shop"}')
        if sum((bool(wanted.ids), bool(wanted.origin), wanted.all)) != 1:
            raise ApiError(400, "bad_request", "Say which: either ids, or an origin, or all.")
        if len(wanted.ids) > _MAX_IDS:
            raise ApiError(400, "bad_request", f"ids: at most {_MAX_IDS} at once.")
        ids = wanted.ids or await self._waiting(_origin(wanted.origin))
        replaying = 0
        for first in range(0, len(ids), _PAGE):
            some = ids[first : first + _PAGE]
            replaying += await self._letters.settle_dead(some, DeadLetterState.REPLAYING)
        self._replay_asked()
        return json_reply(ReplayAsked(replaying), status=_ACCEPTED)

    async def _drop(self, request: web.Request, _caller: Caller) -> web.StreamResponse:
        letter = await self._letter(request)
        if not await self._letters.settle_dead([letter.id], DeadLetterState.DROPPED):
            raise _over(letter)
        return json_reply(_without_body(await self._letter(request)))

    async def _letter(self, request: web.Request) -> DeadLetter:
        letter = await self._letters.dead_letter(request.match_info["id"][:_MAX_TEXT])
        if letter is None:
            raise ApiError(404, "unknown_dead_letter", "There is no dead letter of this id.")
        return letter

    async def _waiting(self, origin: str | None) -> Sequence[str]:
        ids: list[str] = []
        before = None
        while page := await self._letters.dead_letters(
            origin=origin, states=(DeadLetterState.WAITING,), before=before, limit=_PAGE
        ):
            ids += [letter.id for letter in page]
            before = page[-1].id
        return ids


def _is_under_way(letter: DeadLetter) -> bool:
    return letter.state is DeadLetterState.REPLAYING or (
        letter.state is DeadLetterState.WAITING and letter.reason.startswith(REPLAY_BEGUN)
    )


def _without_body(letter: DeadLetter) -> DeadLetter:
    return msgspec.structs.replace(letter, body=b"")


def _over(letter: DeadLetter) -> ApiError:
    return ApiError(409, "over", f"This dead letter is {letter.state.value} already.")


def _origin(text: str) -> str | None:
    if text and (len(text) > _MAX_TEXT or not _ORIGIN.fullmatch(text)):
        raise ApiError(400, "bad_request", "origin: must be /feed/NAME or /connector/NAME.")
    return text or None


def _states(names: Sequence[str]) -> tuple[DeadLetterState, ...]:
    try:
        return tuple(DeadLetterState(name) for name in names[: len(DeadLetterState)])
    except ValueError:
        known = ", ".join(state.value for state in DeadLetterState)
        raise ApiError(400, "bad_request", f"state: must be one of {known}.") from None
