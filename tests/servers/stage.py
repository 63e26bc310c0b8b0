"""What a call is played on: a trunk, phones that are switched on, and all that Asterisk says meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.baresip import Softphone
from tests.servers.sipp import CallingLeg, DiallingPhone, Phone, Trunk
from tests.servers.terse import Outside, TersePhone
from tests.waiting import eventually, eventually_asked

QUIET_SECONDS = 0.5


class Stage:
    """What a scenario plays with: a trunk, and phones that it switches on."""

    def __init__(self, asterisk: Asterisk, stack: AsyncExitStack) -> None:
        self._asterisk = asterisk
        self._stack = stack

    @property
    def address(self) -> str:
        """Where SIP goes, as host and port."""
        return f"{self._asterisk.host}:{self._asterisk.sip_port}"

    def _here(self, text: str) -> str:
        """Name devices as this Asterisk does: the scenarios have them as PJSIP/1001."""
        return text.replace("PJSIP/", f"{self._asterisk.technology}/")

    async def phone(self, number: str) -> Phone:
        """Switch a phone on."""
        return await self._stack.enter_async_context(Phone(self._asterisk, number))

    async def softphones(self, *numbers: str) -> list[Softphone]:
        """Switch phones on that hold, transfer and dial codes."""
        return [await self._stack.enter_async_context(Softphone(self._asterisk, number)) for number in numbers]

    async def channel(self, device: str) -> str:
        """Return the name of the channel of that device, which has one."""
        device = self._here(device)
        listed = await asyncio.to_thread(self._asterisk.command, "core show channels concise")
        [name] = [line.partition("!")[0] for line in listed.splitlines() if line.startswith(f"{device}-")]
        return name

    async def shows(self, text: str, command: str) -> None:
        """Wait until Asterisk answers that command, typed at its console, with that text in it."""
        text = self._here(text)

        async def shown() -> bool:
            return text in await asyncio.to_thread(self._asterisk.command, command)

        await eventually_asked(shown, f"{text!r} in the answer to {command!r}")

    async def terse_phone(self, number: str) -> TersePhone:
        """Switch a phone on that says nothing but what it is told to."""
        return await self._stack.enter_async_context(TersePhone(self._asterisk, number))

    async def outside(self) -> Outside:
        """Let the numbers behind the trunk take calls."""
        return await self._stack.enter_async_context(Outside(self._asterisk))

    async def dial(self, number: str, *, to: str) -> CallingLeg:
        """Dial on a phone's keys, once the stage is set."""
        keys = await self._stack.enter_async_context(DiallingPhone(self._asterisk, number))
        return await keys.dial(to)

    async def act(self, **headers: str) -> None:
        """Ask Asterisk for something, with the hub's rights; raise PermissionError where it refuses."""
        async with RawManager.hub(self._asterisk) as manager:
            manager.send(**{name: self._here(value) for name, value in headers.items()}, ActionID="act")
            reply = await manager.wait_for(ActionID="act")
            if reply["Response"] != "Success":
                raise PermissionError(reply["Message"])

    async def store(self, family: str, key: str, value: str) -> None:
        """Keep a value in the PBX's database while the scenario lasts."""
        await asyncio.to_thread(self._asterisk.command, f"database put {family} {key} {value}")
        self._stack.push_async_callback(asyncio.to_thread, self._asterisk.command, f"database del {family} {key}")

    async def begin(self) -> None:
        """Begin to record: the phones are on and Asterisk is quiet."""
        self.trunk = await self._stack.enter_async_context(Trunk(self._asterisk))
        self.manager = await self._stack.enter_async_context(RawManager.monitor(self._asterisk))
        await self._quiet()
        self._start = len(self.manager.raw)
        self._messages_before = len(self.manager.messages)

    async def call(self, number: str, *, to: str, name: str = "") -> CallingLeg:
        """Begin to record, and let the trunk call."""
        await self.begin()
        return await self.trunk.call(number, to=to, name=name)

    async def recorded(self) -> bytes:
        """Return all that Asterisk sent since the beginning, once every channel is gone."""

        def all_hung_up() -> bool:
            channels = self.manager.count("Newchannel", since=self._messages_before)
            return 0 < channels == self.manager.count("Hangup", since=self._messages_before)

        await eventually(all_hung_up, "a Hangup for every Newchannel", within=20)
        await self._quiet()
        return bytes(self.manager.raw[self._start :])

    async def _quiet(self) -> None:
        before = -1
        while before != len(self.manager.raw):
            before = len(self.manager.raw)
            await asyncio.sleep(QUIET_SECONDS)


Scenario = Callable[[Stage], Awaitable[None]]
