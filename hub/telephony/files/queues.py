"""Queues and their static members, out of queues.conf; whose phone a member is, out of agents.conf and the dialplan."""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.domain.phone import clean_text
from hub.telephony.files.people import person_name
from hub.telephony.files.reader import AsteriskFiles, Place, Setting

_DEVICE = re.compile(r"(?:PJSIP|SIP|IAX2|DAHDI|SCCP)/[^\s;/&,()|\"]+", re.IGNORECASE)
_LOCAL = re.compile(r"Local/([^@/]+)@([^/]+)(?:/.*)?", re.IGNORECASE)
_HINT = re.compile(r"hint:([^@]+)@(.+)", re.IGNORECASE)
_QUEUE_NAME = re.compile(r'[^\s,;"$]{1,128}')


class Member(NamedTuple):
    """A place in a queue: the device that rings there (as in PJSIP/1001, or Agent/1001), and the name beside it."""

    queue: str
    device: str
    name: str
    place: Place


class Queues(NamedTuple):
    names: list[str]
    members: list[Member]


def queues(files: AsteriskFiles) -> Queues:
    """Return the queues and who waits in them for calls; a member that can't be told whose it is gets a note."""
    names: dict[str, None] = {}
    members: list[Member] = []
    dialplan: Dialplan | None = None
    for block in files.blocks("queues.conf"):
        if block.name.lower() == "general":
            continue
        if not _QUEUE_NAME.fullmatch(block.name):
            files.note(
                block.place, f"[{clean_text(block.name)}] can't be a queue of ctihub: a space or one of , ; $ \""
            )
            continue
        names[block.name] = None
        for setting in block.all("member"):
            interface, _, name, state, *_ = [part.strip() for part in f"{setting.value},,,".split(",")]
            device = _plain_device(interface) or _plain_device(state)
            if not device:
                dialplan = dialplan or Dialplan(files)
                device = dialplan.device(state) or dialplan.device(interface)
            if device:
                members.append(Member(block.name, device, person_name(name, interface), setting.place))
            else:
                files.note(setting.place, f"whose phone {clean_text(interface)!r} is can't be told from the dialplan")
    return Queues([*names], members)


def agent_names(files: AsteriskFiles) -> dict[str, str]:
    """Return the names of agents.conf by device: `[1001]` with `fullname`, and of old `agent => 1001,PIN,NAME`."""
    names: dict[str, str] = {}
    for block in files.blocks("agents.conf"):
        if block.get("fullname"):
            names[f"Agent/{block.name}"] = person_name(block.get("fullname"))
        for setting in block.all("agent"):
            number, _, name, *_ = f"{setting.value},,".split(",")
            names[f"Agent/{number.strip()}"] = person_name(name)
    return names


def _plain_device(text: str) -> str:
    return text if _DEVICE.fullmatch(text) or re.fullmatch(r'Agent/[^\s;/@,&|"]+', text) else ""


class Dialplan:
    """extensions.conf as far as it says which device an extension is."""

    def __init__(self, files: AsteriskFiles) -> None:
        self._hints: dict[tuple[str, str], str] = {}
        self._dials: dict[tuple[str, str], set[str]] = {}
        self._includes: dict[str, list[str]] = {}
        for block in files.blocks("extensions.conf"):
            extension = ""
            for setting in block.settings:
                if setting.name == "include":
                    self._includes.setdefault(block.name, []).append(setting.value.split(",")[0].strip())
                elif setting.name in {"exten", "same"}:
                    extension = self._learn(block.name, extension, setting)

    def _learn(self, context: str, extension: str, setting: Setting) -> str:
        text = setting.value
        if setting.name == "exten":
            extension, _, text = (part.strip() for part in text.partition(","))
        priority, _, application = text.partition(",")
        here = (context, extension)
        if priority.strip().lower() == "hint":
            device = _DEVICE.search(application)
            if device:
                self._hints[here] = device[0]
        elif application.strip().lower().startswith("dial("):
            self._dials.setdefault(here, set()).update(_DEVICE.findall(application))
        return extension

    def device(self, member: str) -> str:
        """Return the one device behind `Local/201@agents/n` or `hint:201@agents`; empty where it is not one."""
        local = _LOCAL.fullmatch(member) or _HINT.fullmatch(member)
        return self._look_up(local[1], local[2]) if local else ""

    def _look_up(self, extension: str, context: str) -> str:
        """Look in the context and then, one after the other, in what it includes."""
        seen: set[str] = set()
        waiting = [context]
        while waiting:
            context = waiting.pop()
            if context in seen:
                continue
            seen.add(context)
            here = (context, extension)
            dialled = self._dials.get(here, set())
            if here in self._hints or len(dialled) == 1:
                return self._hints.get(here) or next(iter(dialled))
            waiting += reversed(self._includes.get(context, ()))
        return ""
