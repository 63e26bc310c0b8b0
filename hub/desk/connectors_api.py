"""`/api/v1/connectors`: how the backends are, and taking in what has changed in their configuration."""

from __future__ import annotations

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.replies import ApiError, json_reply
from hub.desk.route import Route
from hub.domain.backend import BackendStatus, ReloadNotPossibleError, ReloadResult
from hub.domain.ports import BackendDirectory
from hub.domain.rate import RateLimit

RELOADS_PER_S = 2
_REFUSED = 422


class ConnectorsApi:
    def __init__(self, *, backends: BackendDirectory) -> None:
        self._backends = backends
        self._rate = RateLimit(per_second=RELOADS_PER_S)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/connectors",
                access=Access.AGENT_OR_MACHINE,
                handler=self._list,
                summary="The backends: whether each answers, its last error in words, and what can be written to it.",
                reply=list[BackendStatus],
            ),
            Route(
                method="POST",
                path="/api/v1/connectors/reload",
                access=Access.CONFIGURER,
                handler=self._reload,
                summary=(
                    "Take in connectors, mappings, contracts, secrets, and rules of identity, merge and proposals that"
                    " have changed in their files. Calls and lookups in progress go on; connectors that have not"
                    " changed are left alone. When anything is wrong with the change, nothing is changed, and"
                    " `problems` says where (422)."
                ),
                reply=ReloadResult,
                results=(_REFUSED,),
                errors=(403, 409, 429),
            ),
        )

    async def _list(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        return json_reply(list(self._backends.backends()))

    async def _reload(self, _request: web.Request, caller: Caller) -> web.StreamResponse:
        if self._rate.take(caller.token or "") > 0:
            message = f"At most {RELOADS_PER_S} reloads a second."
            raise ApiError(429, "too_many_reloads", message, {"Retry-After": "1"})
        try:
            result = await self._backends.reload()
        except ReloadNotPossibleError as error:
            raise ApiError(409, "not_possible", str(error)) from error
        return json_reply(result, status=_REFUSED if result.problems else 200)
