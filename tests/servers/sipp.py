"""SIPp as the agents' phones and as the trunk, each told by the test when to do what.

async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
    caller = await trunk.call("+4989123456", to="493023125100")
    ringing = await phone.rings()
    await ringing.answer()
    await caller.hang_up()
    await ringing.cleared()
"""

import asyncio
import itertools
import shutil
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tests.servers.asterisk import TRUNK_HOST, Asterisk
from tests.servers.folders import own_folder
from tests.servers.ports import LOOPBACK, free_media_port, free_udp_port
from tests.waiting import NotInTimeError, eventually

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "sipp"
REFUSALS = {486: "X-REJECT", 603: "X-DECLINE", 480: "X-AWAY"}
REGISTER_SECONDS = 10.0
# RTP (RFC 3550, 3551): version 2 without extras, payload type 8, packets of 20 ms.
RTP_VERSION = 0x80
RTP_SOURCE = 1
PCMA = 8
FRAME_SECONDS = 0.02
SILENCE = b"\xd5" * 160
REGISTRATION_EXPIRES = 3600


class SippFailedError(RuntimeError):
    """A SIPp process ended with an error; the message holds what it said."""


@dataclass(frozen=True)
class SipEvent:
    """One line of a scenario's log.

    `kind` is media, ringing, established or cleared; `detail` says by whom a call was cleared
    (here, far-end, cancelled, rejected, or the SIP status that refused it), of a ringing
    phone the From header it was shown, and where sound is to go (m=audio PORT).
    """

    kind: str
    call_id: str
    detail: str


class SippProcess:
    """One SIPp, its scenario's log, and the socket that tells it what to do."""

    def __init__(self, scenario: str, host: str, arguments: list[str], *, port: int | None = None) -> None:
        self.host = host
        self.port = port or free_udp_port(host)
        self._orders = itertools.count(10)
        self._calls_seen = 0
        self._folder = own_folder("ctihub-sipp-")
        self._log = self._folder / "log"
        self._argv = [
            "sipp",
            *("-sf", str(SCENARIOS / scenario)),
            *("-i", host),
            *("-p", str(self.port)),
            *("-mp", str(free_media_port(host))),
            "-nostdin",
            *("-trace_logs", "-log_file", str(self._log)),
            *("-trace_err", "-error_file", str(self._folder / "errors")),
            *arguments,
        ]

    async def start(self) -> None:
        """Start it."""
        with (self._folder / "output").open("wb") as output:
            self._child = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._folder
            )

    async def ended_well(self, within: float) -> None:
        """Wait for its end; raise SippFailedError when it didn't succeed."""
        try:
            status = await asyncio.wait_for(self._child.wait(), within)
        except TimeoutError:
            status = None
        if status != 0:
            raise SippFailedError(f"{' '.join(self._argv[:3])} ended with {status}: {self._errors()}")

    async def remove(self) -> None:
        """End it and delete what it wrote."""
        if self._child.returncode is None:
            self._child.kill()
            await self._child.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def tell(self, order: str, call_id: str, header: str = "X-Order: go") -> None:
        """Send the request that the scenario waits for in that call, with one header more."""
        request = (
            f"{order} sip:{self.host}:{self.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK};branch=z9hG4bK{order}\r\n"
            f"From: <sip:test@{LOOPBACK}>;tag=test\r\n"
            f"To: <sip:{self.host}:{self.port}>\r\n"
            f"Call-ID: {call_id}\r\n"
            f"CSeq: {next(self._orders)} {order}\r\n"
            f"{header}\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.sendto(request.encode(), (self.host, self.port))

    def events(self) -> list[SipEvent]:
        """Return what has happened so far."""
        if not self._log.exists():
            return []
        # The last line is left out until its line break has been written.
        *lines, _ = self._log.read_text(errors="replace").split("\n")
        return [SipEvent(kind, call_id, detail) for kind, call_id, detail in map(_three_words, lines)]

    async def event(self, kind: str, call_id: str, within: float) -> SipEvent:
        """Return the event of that kind in that call, waited for if need be."""

        def found() -> SipEvent | None:
            return next((one for one in self.events() if (one.kind, one.call_id) == (kind, call_id)), None)

        try:
            await eventually(found, within=within)
        except NotInTimeError as late:
            raise NotInTimeError(f"{late}: {kind} in {self._argv[2]}; {self.events()} {self._errors()}") from None
        event = found()
        assert event is not None
        return event

    async def next_call(self, kind: str, within: float) -> SipEvent:
        """Return the event of that kind in a call that was not asked for before, waited for if need be."""

        def unseen() -> list[SipEvent]:
            return [event for event in self.events() if event.kind == kind][self._calls_seen :]

        try:
            await eventually(unseen, within=within)
        except NotInTimeError as late:
            told = f"{kind} at {self.host}:{self.port}; {self.events()} {self._errors()}"
            raise NotInTimeError(f"{late}: {told}") from None
        event = unseen()[0]
        self._calls_seen += 1
        return event

    def _errors(self) -> str:
        files = [self._folder / "errors", self._folder / "output"]
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in files if file.exists())


def _three_words(line: str) -> tuple[str, str, str]:
    kind, _, rest = line.partition(" ")
    call_id, _, detail = rest.partition(" ")
    return kind, call_id, detail.strip()


@dataclass(frozen=True)
class Leg:
    """One end of a call, at a phone or at the trunk."""

    sipp: SippProcess
    call_id: str
    shown: str = ""

    async def established(self, within: float = 15.0) -> None:
        """Wait until this end talks."""
        await self.sipp.event("established", self.call_id, within)

    async def cleared(self, within: float = 15.0) -> str:
        """Wait until this end's call is over; return by whom or what (see SipEvent.detail)."""
        return (await self.sipp.event("cleared", self.call_id, within)).detail

    def press(self, digit: str) -> None:
        """Press a key during a call that is established."""
        self.sipp.tell("X-DIGIT", self.call_id, f"Digit: {digit}")

    async def speak(self, seconds: float) -> None:
        """Send sound, A-law silence, as a phone does all the time. Without any a Local channel never makes way."""
        media = await self.sipp.event("media", self.call_id, within=15.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as microphone:
            microphone.bind((self.sipp.host, 0))
            for number in range(round(seconds / FRAME_SECONDS)):
                header = struct.pack("!BBHII", RTP_VERSION, PCMA, number, number * len(SILENCE), RTP_SOURCE)
                microphone.sendto(header + SILENCE, (LOOPBACK, int(media.detail.rpartition(" ")[2])))
                await asyncio.sleep(FRAME_SECONDS)

    async def hang_up(self) -> None:
        """End a call that is established."""
        self.sipp.tell("X-HANGUP", self.call_id)
        await self.cleared()


async def converse(*legs: Leg, seconds: float = 1.0) -> None:
    """Let them all speak at once."""
    await asyncio.gather(*(leg.speak(seconds) for leg in legs))


class RingingLeg(Leg):
    """A call at a phone that rings. `shown` is the From header that the phone would show."""

    async def answer(self) -> None:
        """Lift the receiver."""
        self.sipp.tell("X-ANSWER", self.call_id)
        await self.established()

    async def reject(self, status: int = 486) -> None:
        """Refuse the call: 486 Busy Here, 603 Decline or 480 Temporarily Unavailable."""
        self.sipp.tell(REFUSALS[status], self.call_id)
        await self.cleared()

    async def transfer(self, to: str) -> None:
        """Send the other party to this address (REFER, RFC 3515), once it is established."""
        await self.established()
        self.sipp.tell("X-REFER", self.call_id, f"Refer-To: <sip:{to}>")


class CallingLeg(Leg):
    """A call that the trunk has sent."""

    async def ringing(self, within: float = 15.0) -> None:
        """Wait until the caller hears that it rings."""
        await self.sipp.event("ringing", self.call_id, within)

    async def cancel(self) -> None:
        """Give up before the call is established."""
        self.sipp.tell("X-CANCEL", self.call_id)
        await self.cleared()

    async def hang_up(self) -> None:
        """End the call, once it is established: what is called may ring before the caller's own end talks."""
        await self.established()
        await super().hang_up()


class Phone:
    """An agent's phone: registered while the `async with` lasts, ringing until told."""

    scenario = "phone.xml"

    def __init__(self, asterisk: Asterisk, number: str) -> None:
        self._asterisk = asterisk
        self._number = number
        self._sipp = SippProcess(self.scenario, LOOPBACK, [f"{asterisk.host}:{asterisk.sip_port}"])

    async def __aenter__(self) -> Self:
        """Switch the phone on."""
        await self._sipp.start()
        await self.register()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch the phone off."""
        try:
            if self._asterisk.running:
                await self._register(0)
        finally:
            await self._sipp.remove()

    async def register(self) -> None:
        """Register, as a phone does from time to time; also after Asterisk was killed."""
        await self._register(REGISTRATION_EXPIRES)

    async def _register(self, expires: int) -> None:
        register = SippProcess(
            "register.xml",
            LOOPBACK,
            [
                *("-m", "1"),
                *("-s", self._number),
                *("-au", self._number),
                *("-ap", self._asterisk.phone_secrets[self._number]),
                *("-key", "contact", f"sip:{self._number}@{self._sipp.host}:{self._sipp.port}"),
                *("-key", "expires", str(expires)),
                f"{self._asterisk.host}:{self._asterisk.sip_port}",
            ],
        )
        await register.start()
        try:
            await register.ended_well(REGISTER_SECONDS)
        finally:
            await register.remove()

    def times_rung(self) -> int:
        """Return how often it has begun to ring."""
        return sum(event.kind == "ringing" for event in self._sipp.events())

    async def rings(self, within: float = 10.0) -> RingingLeg:
        """Wait for the next call that this phone rings for, and return it."""
        event = await self._sipp.next_call("ringing", within)
        return RingingLeg(self._sipp, event.call_id, event.detail)


class Called(Protocol):
    """Where calls are sent: an Asterisk, or what stands in its place."""

    host: str
    sip_port: int


class Caller:
    """One that sends calls, one SIPp each, and ends them when the `async with` does."""

    _numbers = itertools.count(1)

    def __init__(self, called: Called, host: str) -> None:
        self._called = called
        self._host = host
        self._calls: list[SippProcess] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the calls that are left."""
        for sipp in self._calls:
            await sipp.remove()

    async def _send(self, shown: str, to: str, identity: str, *arguments: str) -> CallingLeg:
        """Call `to` with that From header; `identity` is one header line more."""
        call_id = f"caller-{next(self._numbers)}-{free_udp_port(self._host)}@{self._host}"
        sipp = SippProcess(
            "caller.xml",
            self._host,
            [
                *("-m", "1"),
                *("-s", to),
                *("-cid_str", call_id),
                *("-key", "from", shown),
                *("-key", "identity", identity),
                *("-key", "invite_branch", f"z9hG4bK-{call_id.partition('@')[0]}"),
                *arguments,
                f"{self._called.host}:{self._called.sip_port}",
            ],
        )
        self._calls.append(sipp)
        await sipp.start()
        return CallingLeg(sipp, call_id)


class DiallingPhone(Caller):
    """A phone's keys: it dials, with its password."""

    def __init__(self, asterisk: Asterisk, number: str) -> None:
        super().__init__(asterisk, LOOPBACK)
        self._number = number
        self._password = asterisk.phone_secrets[number]

    async def dial(self, to: str) -> CallingLeg:
        """Dial."""
        shown = f"<sip:{self._number}@{LOOPBACK}>"
        return await self._send(
            shown, to, "X-Dialled: by hand", "-key", "known", "no", "-au", self._number, "-ap", self._password
        )


class Trunk(Caller):
    """The carrier, which is known by its address."""

    def __init__(self, called: Called, host: str = TRUNK_HOST) -> None:
        super().__init__(called, host)

    async def call(self, number: str, *, to: str, name: str = "", withheld: bool = False) -> CallingLeg:
        """Call `to` as the caller `number`, shown with the display name `name`.

        An empty number makes an anonymous call as RFC 3323 has it; with `withheld` the carrier knows the number
        and asks that it is not shown (RFC 3325).
        """
        if number:
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            shown = f'"{quoted}" <sip:{number}@{self._host}>' if name else f"<sip:{number}@{self._host}>"
            identity = f"P-Asserted-Identity: {shown}" + ("\r\nPrivacy: id" if withheld else "")
        else:
            shown = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            identity = "Privacy: id"
        return await self._send(shown, to, identity, "-key", "known", "yes")
