"""Softphones for what agents do during a call: baresip, one process a phone, told by its control socket.

    async with Softphone(asterisk, "1001") as alice, Softphone(asterisk, "1002") as bob:
        call = await alice.rings()
        await call.answer()
        await call.hold()
        asked = await alice.dial("1002")
        await (await bob.rings()).answer()
        await call.transfer_to(asked)

baresip 1.0.0 knows no attended transfer of its own: `transfer_to` names the other call in the Refer-To (RFC 3891),
with the tags that baresip's SIP trace shows.
"""

import asyncio
import itertools
import json
import math
import re
import shutil
import struct
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.asterisk import Asterisk
from tests.servers.folders import own_folder
from tests.servers.ports import LOOPBACK, free_phone_ports
from tests.servers.process import OwnedProcess
from tests.servers.requirements import BARESIP_MODULES
from tests.waiting import eventually, eventually_asked

START_SECONDS = 10.0
ANSWER_SECONDS = 5.0
# How fast a person presses one key after the other.
KEY_SECONDS = 0.2
# What is said into the phone; a call that lasts longer than this ends.
TONE_SECONDS = 60
SAMPLES_PER_SECOND = 8000
MAX_NETSTRING_DIGITS = 7

CONFIG = """\
poll_method epoll
sip_listen {host}:{sip_port}
net_interface {host}
audio_source aufile,{tone}
ringback_disabled yes
statmode_default off
module_path {modules}
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control_port}
"""


class PhoneRefusedError(RuntimeError):
    """baresip did not do what it was told; the message holds the order and its answer."""


@dataclass(frozen=True)
class PhoneEvent:
    """One event of baresip: `type` as in CALL_INCOMING, the call's id (its SIP Call-ID), and what it adds."""

    type: str
    call_id: str
    outgoing: bool
    param: str


class SoftCall:
    """One call at a softphone."""

    def __init__(self, phone: "Softphone", call_id: str) -> None:
        self._phone = phone
        self._offers_answered = 0
        self.id = call_id

    async def ringing(self) -> None:
        """Wait until it rings at the other end."""
        await self._phone.event("CALL_RINGING", self.id)

    async def established(self) -> None:
        """Wait until the two talk."""
        await self._phone.event("CALL_ESTABLISHED", self.id)

    async def cleared(self, within: float = ANSWER_SECONDS) -> str:
        """Wait until it is over at this phone; return what baresip says of it."""
        return (await self._phone.event("CALL_CLOSED", self.id, within)).param

    async def answer(self) -> None:
        """Lift the receiver; another call that is talked is put on hold."""
        await self._phone.order("accept", call=self)
        await self.established()

    async def hang_up(self) -> None:
        """End it, or refuse it while it rings (486)."""
        await self._phone.order("hangup", call=self)
        await self.cleared()

    async def hold(self) -> None:
        """Put the other party on hold (re-INVITE), and wait for the answer to that."""
        await self._reinvite("hold")

    async def resume(self) -> None:
        """Talk to them again."""
        await self._reinvite("resume")

    async def taken_back(self) -> None:
        """Wait until the phone has taken it off hold by itself, as baresip does when its other call ends."""
        await self._reinvited("taking back")

    async def _reinvite(self, order: str) -> None:
        self._offers_answered = self._phone.count("CALL_REMOTE_SDP", self.id)
        await self._phone.order(order, call=self)
        await self._reinvited(order)

    async def _reinvited(self, what: str) -> None:
        await eventually(
            lambda: self._phone.count("CALL_REMOTE_SDP", self.id) > self._offers_answered,
            f"the answer to {what}",
            ANSWER_SECONDS,
        )
        self._offers_answered = self._phone.count("CALL_REMOTE_SDP", self.id)

    async def mute(self) -> str:
        """Switch the microphone off, or on again; return what the phone says, for nobody else knows."""
        return str((await self._phone.order("mute", call=self)).get("data")).strip()

    async def press(self, keys: str) -> None:
        """Press keys, one after the other (RFC 4733)."""
        for key in keys:
            await self._phone.order("sndcode", key, call=self)
            await asyncio.sleep(KEY_SECONDS)

    async def transfer(self, to: str) -> None:
        """Send the other party to this extension, unannounced (REFER, RFC 3515)."""
        await self._phone.order("transfer", self._phone.address_of(to), call=self)

    async def transfer_to(self, other: "SoftCall") -> None:
        """Join the other parties of this call and of another at the same phone (REFER with Replaces)."""
        replaces = await self._phone.replaces(other)
        await self._phone.order("transfer", f"<{self._phone.address_of('transfer')}?Replaces={replaces}>", call=self)


class Softphone:
    """A phone that is registered while the `async with` lasts, and rings until told."""

    def __init__(self, asterisk: Asterisk, number: str) -> None:
        self._asterisk = asterisk
        self._number = number
        self._events: list[PhoneEvent] = []
        self._calls_seen = 0
        self._tokens = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Mapping[str, object]]] = {}
        self._one_order = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Switch the phone on."""
        self._folder = own_folder("ctihub-baresip-")
        sip_port, control_port = free_phone_ports(LOOPBACK)
        self._write_configuration(sip_port, control_port)
        # Line by line, so that a message is in the trace as soon as it was sent.
        argv = ["stdbuf", "-oL", "baresip", "-s", "-f", str(self._folder)]
        self._process = OwnedProcess(argv, self._folder / "output")
        try:
            self._process.start()
            await eventually_asked(lambda: self._connect(control_port), f"{self._number} switched on", START_SECONDS)
            self._reading = asyncio.create_task(self._read())
            await eventually_asked(self._is_registered, f"{self._number} registered", START_SECONDS)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off: it ends its calls and registers no more."""
        if self._asterisk.running:
            await asyncio.to_thread(self._process.stop)
        else:
            self._process.kill()
        if hasattr(self, "_reading"):
            self._writer.close()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write_configuration(self, sip_port: int, control_port: int) -> None:
        tone = self._folder / "tone.wav"
        _write_tone(tone)
        (self._folder / "config").write_text(
            CONFIG.format(
                host=LOOPBACK, sip_port=sip_port, control_port=control_port, tone=tone, modules=BARESIP_MODULES
            )
        )
        account = (
            f"<{self.address_of(self._number)}>;auth_pass={self._asterisk.phone_secrets[self._number]}"
            ";answermode=manual;audio_codecs=pcma;regint=3600\n"
        )
        (self._folder / "accounts").write_text(account)
        (self._folder / "contacts").touch()

    def address_of(self, number: str) -> str:
        """Return where Asterisk finds that extension."""
        return f"sip:{number}@{self._asterisk.host}:{self._asterisk.sip_port}"

    async def _connect(self, port: int) -> bool:
        self._process.raise_if_dead()
        try:
            self._reader, self._writer = await asyncio.open_connection(LOOPBACK, port)
        except ConnectionRefusedError:
            return False
        return True

    async def _is_registered(self) -> bool:
        return "OK" in str((await self.order("reginfo")).get("data"))

    async def _read(self) -> None:
        while True:
            digits = await self._reader.readuntil(b":")
            if len(digits) > MAX_NETSTRING_DIGITS:
                raise PhoneRefusedError(f"baresip sent no netstring but {digits[:80]!r}")
            message = json.loads(await self._reader.readexactly(int(digits[:-1])))
            await self._reader.readexactly(1)
            if message.get("event"):
                self._events.append(_event(message))
            elif (answer := self._answers.pop(str(message.get("token")), None)) is not None:
                answer.set_result(message)

    async def order(self, command: str, params: str = "", *, call: SoftCall | None = None) -> Mapping[str, object]:
        """Give an order, about that call if any, and return the answer; PhoneRefusedError when it was refused."""
        async with self._one_order:
            if call is not None:
                # baresip's orders are about its current call: this makes the call that one.
                await self._ask("callfind", call.id)
            return await self._ask(command, params)

    async def _ask(self, command: str, params: str) -> Mapping[str, object]:
        token = str(next(self._tokens))
        self._answers[token] = asyncio.get_running_loop().create_future()
        body = json.dumps({"command": command, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        answer = await asyncio.wait_for(self._answers[token], ANSWER_SECONDS)
        if not answer.get("ok"):
            raise PhoneRefusedError(f"{self._number}: {command} {params}: {answer.get('data')}")
        return answer

    def count(self, kind: str, call_id: str) -> int:
        """Return how many events of that type there were in that call."""
        return len(self.params(kind, call_id))

    def params(self, kind: str, call_id: str) -> list[str]:
        """Return what events of that type in that call added, in order."""
        return [event.param for event in self._events if (event.type, event.call_id) == (kind, call_id)]

    async def event(self, kind: str, call_id: str, within: float = ANSWER_SECONDS) -> PhoneEvent:
        """Return the event of that type in that call, waited for if need be."""

        def found() -> PhoneEvent | None:
            return next((event for event in self._events if (event.type, event.call_id) == (kind, call_id)), None)

        await eventually(found, f"{kind} at {self._number}; {self._events}", within)
        event = found()
        assert event is not None
        return event

    def times_rung(self) -> int:
        """Return how often it has begun to ring."""
        return sum(event.type == "CALL_INCOMING" for event in self._events)

    async def rings(self, within: float = 10.0) -> SoftCall:
        """Wait for the next call that this phone rings for, and return it."""
        await eventually(lambda: self.times_rung() > self._calls_seen, f"{self._number} ringing", within)
        incoming = [event for event in self._events if event.type == "CALL_INCOMING"]
        self._calls_seen += 1
        return SoftCall(self, incoming[self._calls_seen - 1].call_id)

    async def dial(self, number: str) -> SoftCall:
        """Call an extension; return when it rings there, is answered or refused."""
        before = {event.call_id for event in self._events}

        def begun() -> PhoneEvent | None:
            return next((e for e in self._events if e.outgoing and e.call_id and e.call_id not in before), None)

        await self.order("dial", self.address_of(number))
        await eventually(begun, f"a call from {self._number} to {number}; {self._events}", ANSWER_SECONDS)
        event = begun()
        assert event is not None
        return SoftCall(self, event.call_id)

    async def replaces(self, call: SoftCall) -> str:
        """Return what names that call in a Refer-To: its id, Asterisk's tag and the phone's (RFC 3891, escaped)."""
        tags: list[tuple[str, str]] = []

        def found() -> bool:
            tags[:] = _tags((self._folder / "output").read_text(errors="replace"), call.id)
            return bool(tags)

        await eventually(found, f"an INVITE answered in call {call.id}", ANSWER_SECONDS)
        [(from_tag, to_tag), *_] = tags
        outgoing = any(event.outgoing for event in self._events if event.call_id == call.id)
        own, others = (from_tag, to_tag) if outgoing else (to_tag, from_tag)
        return f"{call.id}%3Bto-tag%3D{others}%3Bfrom-tag%3D{own}"


def _event(message: Mapping[str, object]) -> PhoneEvent:
    return PhoneEvent(
        str(message.get("type")),
        str(message.get("id") or ""),
        message.get("direction") == "outgoing",
        str(message.get("param") or ""),
    )


def _tags(trace: str, call_id: str) -> list[tuple[str, str]]:
    """Return From and To tag of each answer to an INVITE of that call, other than its refusals."""
    found = []
    for message in re.split(r"\n(?=SIP/2\.0 |[A-Z]+ sip:)", trace):
        headers, _, _ = message.partition("\n\n")
        is_answer = re.match(r"SIP/2\.0 [12]", headers) and re.search(r"^CSeq: \d+ INVITE$", headers, re.MULTILINE)
        sender = re.search(r"^From: .*;tag=([^;\s]+)", headers, re.MULTILINE)
        receiver = re.search(r"^To: .*;tag=([^;\s]+)", headers, re.MULTILINE)
        if is_answer and sender and receiver and f"\nCall-ID: {call_id}\n" in headers:
            found.append((sender[1], receiver[1]))
    return found


def _write_tone(path: Path) -> None:
    second = b"".join(
        struct.pack("<h", int(3000 * math.sin(2 * math.pi * 440 * sample / SAMPLES_PER_SECOND)))
        for sample in range(SAMPLES_PER_SECOND)
    )
    with wave.open(str(path), "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(SAMPLES_PER_SECOND)
        tone.writeframes(second * TONE_SECONDS)
