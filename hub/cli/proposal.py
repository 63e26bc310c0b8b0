"""The sections `pbx` and `agents` as Asterisk's own files suggest them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml

from hub.config.wording import counted
from hub.domain.phone import clean_text
from hub.telephony.files.accounts import Manager, manager
from hub.telephony.files.endpoints import endpoints
from hub.telephony.files.people import Phone, mailbox_names
from hub.telephony.files.queues import Member, agent_names, queues
from hub.telephony.files.reader import AsteriskFiles

_FILES = ("manager.conf", "pjsip.conf", "pjsip_wizard.conf", "sip.conf", "queues.conf")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What YAML takes for something else than text."""

_PLACE = re.compile(r"[A-Za-z0-9_.-]{1,79}")
_MAX_SHOWN = 50
_MAX_ID = 56


class Proposal(NamedTuple):
    """`pbx` and `agents` as YAML; `control_context` for `pbx.main.control`; `notes` on what could not be read."""

    pbx: str
    agents: str
    control_context: str | None
    summary: str
    first_agent: str | None
    notes: list[str]


class _Person:
    def __init__(self, device: str, name: str) -> None:
        self.devices = [device]
        self.name = name
        self.queues: dict[str, None] = {}


def propose(folder: Path) -> Proposal | None:
    """Read what Asterisk's files in `folder` say; None where there are none that matter here."""
    files = AsteriskFiles(folder)
    if not any(files.has(name) for name in _FILES):
        return None
    access = manager(files)
    phones, trunks = endpoints(files)
    names, members = queues(files)
    people = _people(files, phones, members)
    agents = dict(zip(_ids(people), people, strict=True))
    contexts = [phone.context for phone in phones if _PLACE.fullmatch(phone.context)]
    return Proposal(
        pbx=_pbx(access, trunks, names),
        agents=_agents(agents),
        control_context=Counter(contexts).most_common(1)[0][0] if contexts else None,
        summary=f"{counted(len(agents), 'agent')}, {counted(len(trunks), 'trunk')}, {counted(len(names), 'queue')}",
        first_agent=next(iter(agents), None),
        notes=files.notes,
    )


def _people(files: AsteriskFiles, phones: list[Phone], members: list[Member]) -> list[_Person]:
    """Return who has phones, those who take calls of queues first; two phones of one name and number are one's own."""
    mailboxes, agents = mailbox_names(files), agent_names(files)
    of_queues = {member.device.casefold(): member.name for member in reversed(members)}
    people: list[_Person] = []
    by_device: dict[str, _Person] = {}
    by_caller_id: dict[tuple[str, str], _Person] = {}
    for phone in phones:
        key = phone.device.casefold()
        if key in by_device:
            files.note(phone.place, f"{clean_text(phone.device)} is there a second time: left out")
            continue
        name = phone.name or mailboxes.get(phone.mailbox, "") or of_queues.get(key, "") or phone.number
        known = by_caller_id.get((phone.name, phone.number)) if phone.name and phone.number else None
        if known is not None:
            known.devices.append(phone.device)
            by_device[key] = known
            continue
        person = by_device[key] = by_caller_id[phone.name, phone.number] = _Person(phone.device, name)
        people.append(person)
    namesakes = Counter(person.name.casefold() for person in people)
    by_name = {person.name.casefold(): person for person in people if person.name}
    for member in members:
        key = member.device.casefold()
        if key not in by_device:
            name = agents.get(member.device, "") or member.name
            # Agent/1001 is whoever has that name, if only one has.
            if member.device.startswith("Agent/") and namesakes[name.casefold()] == 1 and name:
                by_device[key] = by_name[name.casefold()]
                by_device[key].devices.append(member.device)
            else:
                by_device[key] = _Person(member.device, name)
                people.append(by_device[key])
        by_device[key].queues[member.queue] = None
    return sorted(people, key=lambda person: not person.queues)


def _ids(people: list[_Person]) -> list[str]:
    """Return an id for each: the name in plain letters, or the device's; numbered where it is not the only one."""
    taken: set[str] = set()
    times: Counter[str] = Counter()
    ids: list[str] = []
    for person in people:
        base = _slug(person.name) or _slug(person.devices[0].partition("/")[2]) or "agent"
        base = base if base[0].isalpha() else f"agent-{base}"
        base = candidate = base[:_MAX_ID]
        while candidate in taken:
            times[base] += 1
            candidate = f"{base}-{times[base] + 1}"
        taken.add(candidate)
        ids.append(candidate)
    return ids


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _pbx(access: Manager, trunks: list[str], names: list[str]) -> str:
    if access.place is None:
        lines = ["# manager.conf has no account for the hub yet. Add one, and set AMI_SECRET to its secret:", "# [hub]"]
        lines.append("# secret = ...")
    else:
        user = clean_text(access.username)
        lines = [f"# {access.place} has the account {user}. Its secret is not copied: set AMI_SECRET to it."]
        if access.missing:
            lines.append("# The account lacks rights that the hub needs; add in manager.conf:")
    lines += [f"# {kind} = {','.join(rights)}" for kind, rights in access.missing.items()]
    lines += [
        "pbx:",
        "  main:",
        "    # As Asterisk's own host sees it: elsewhere write that host's address.",
        f"    host: {_scalar(access.host)}",
        f"    port: {access.port}",
        f"    username: {_scalar(access.username)}",
        '    secret: "${AMI_SECRET}"',
    ]
    if access.tls:
        lines.append("    tls: {verify: true}")
    lines.append("    # Devices towards the outside: a call from one of them is inbound.")
    lines.append(f"    trunks: {_list(trunks)}")
    if names:
        shown = ", ".join(clean_text(name) for name in names[:_MAX_SHOWN])
        lines.append(f"    # Its queues: {shown}{', ...' if len(names) > _MAX_SHOWN else ''}")
    return "\n".join(lines) + "\n"


def _agents(agents: dict[str, _Person]) -> str:
    lines = ["# Who takes calls. `ctihub user add ID` gives one of them a password for the desk."]
    if not agents:
        return "\n".join([*lines, "agents: {}", "", ""])
    lines.append("agents:")
    is_in_queues = True
    for agent_id, person in agents.items():
        if is_in_queues and not person.queues:
            lines.append("  # In no queue, as far as the files say:")
            is_in_queues = False
        lines += [f"  {_scalar(agent_id)}:", f"    name: {_scalar(person.name or agent_id)}"]
        lines.append(f"    devices: {_list(person.devices)}")
        if person.queues:
            lines.append(f"    queues: {_list([*person.queues])}")
    return "\n".join([*lines, "", ""])


def _list(texts: list[str]) -> str:
    return f"[{', '.join(map(_scalar, texts))}]"


def _scalar(text: str) -> str:
    """Write a text so that YAML reads that text and nothing else, and nothing is taken from the environment."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted: str = yaml.dump(text.replace("${", "$${"), default_style='"', allow_unicode=True, width=100_000)
    return quoted.rstrip("\n")
