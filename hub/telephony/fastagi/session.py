"""One FastAGI connection: the environment, the question, the variables, the end. It always ends, and soon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hub.config.routing import OWN_VARIABLES
from hub.domain.ports import CallerRouting
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer
from hub.telephony.fastagi.environment import Environment
from hub.telephony.fastagi.errors import ChannelGoneError, FastAgiError
from hub.telephony.fastagi.protocol import Reply, read_reply, set_variable

log = structlog.get_logger(__name__)

SCRIPT = "customer"
MAX_LINE = 4096
MAX_STRAY_LINES = 300
"""Lines before a reply: a usage text, or what a caller's number with line breaks in it has left."""

STATUS, RULE = OWN_VARIABLES

EnquiryMaker = Callable[[Environment], Awaitable[Enquiry]]


class Session:
    """`run` returns when all is said and raises FastAgiError or ChannelGoneError when it can't be.

    Commands go out one at a time: Asterisk does not see a second one that it read together with the first.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        routing: CallerRouting,
        make_enquiry: EnquiryMaker,
        environment_s: float,
        answer_s: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._routing = routing
        self._make_enquiry = make_enquiry
        self._environment_s = environment_s
        self._answer_s = answer_s

    async def run(self) -> None:
        environment = await self._read_environment()
        if environment.script != SCRIPT:
            log.warning(
                "fastagi_script_unknown",
                script=environment.script[:80],
                advice=f"the dialplan asks AGI(agi://HUB/{SCRIPT})",
            )
            answer = RoutingAnswer(status=EnquiryStatus.ERROR)
        else:
            answer = await self._answer(await self._make_enquiry(environment))
        own = {STATUS: answer.status.value, RULE: ",".join(answer.rules)}
        try:
            async with asyncio.timeout(self._answer_s):
                for name, value in {**answer.variables, **own}.items():
                    await self._set(name, value)
        except TimeoutError:
            raise FastAgiError(f"no reply to SET VARIABLE within {self._answer_s:g} s") from None

    async def _read_environment(self) -> Environment:
        environment = Environment()
        try:
            async with asyncio.timeout(self._environment_s):
                while not environment.take(await self._line()):
                    pass
        except TimeoutError:
            raise FastAgiError(f"the environment is not complete after {self._environment_s:g} s") from None
        return environment

    async def _answer(self, enquiry: Enquiry) -> RoutingAnswer:
        """Ask, and hear at once when the channel hangs up meanwhile."""
        asking = asyncio.ensure_future(self._ask(enquiry))
        listening = asyncio.ensure_future(self._hear_hangup())
        try:
            await asyncio.wait({asking, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
            return await asking
        finally:
            for task in (asking, listening):
                task.cancel()
            await asyncio.gather(asking, listening, return_exceptions=True)

    async def _ask(self, enquiry: Enquiry) -> RoutingAnswer:
        try:
            return await self._routing.decide(enquiry)
        except Exception:
            # The caller must not wait for what a bug has broken: the call goes on as it was dialled.
            log.exception("routing_failed")
            return RoutingAnswer(status=EnquiryStatus.ERROR)

    async def _hear_hangup(self) -> None:
        """Read until the channel is gone. Raises ChannelGoneError, or FastAgiError for too many lines."""
        for _ in range(MAX_STRAY_LINES):
            if read_reply(await self._line()) is Reply.CHANNEL_GONE:
                raise ChannelGoneError
        raise FastAgiError(f"more than {MAX_STRAY_LINES} lines that nobody asked for")

    async def _set(self, name: str, value: str) -> None:
        self._writer.write(set_variable(name, value))
        await self._writer.drain()
        for _ in range(MAX_STRAY_LINES):
            match read_reply(await self._line()):
                case Reply.DONE:
                    return
                case Reply.CHANNEL_GONE:
                    raise ChannelGoneError
                case Reply.REFUSED:
                    log.warning("fastagi_variable_refused", variable=name)
                    return
                case Reply.GOES_ON:
                    continue
        raise FastAgiError(f"more than {MAX_STRAY_LINES} lines and no reply to SET VARIABLE")

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readline()
        except ValueError:
            raise FastAgiError(f"a line is longer than {MAX_LINE} bytes") from None
        except ConnectionError:
            raise ChannelGoneError from None
        if not line.endswith(b"\n"):
            raise ChannelGoneError
        return line
