"""Phones and trunks, out of pjsip.conf, pjsip_wizard.conf and sip.conf."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hub.domain.phone import clean_text
from hub.telephony.files.people import Phone, caller_id, mailbox_of
from hub.telephony.files.reader import AsteriskFiles, Block, Place

_TRUNK_CONTEXT = re.compile(
    r"trunk|pstn|carrier|provider|itsp|inbound|incoming|external|outside|\bdids?\b", re.IGNORECASE
)
_REGISTER = re.compile(r".*@([^/:?~]+)")
_DEVICE_NAME = re.compile(r"[^\s;/,&|\"]+")
_DATABASE_FAMILIES = {
    "ps_endpoints": "endpoints",
    "sippeers": "phones",
    "queues": "queues",
    "queue_members": "members of queues",
    "voicemail": "mailboxes",
}


class Endpoints(NamedTuple):
    phones: list[Phone]
    trunks: list[str]


def endpoints(files: AsteriskFiles) -> Endpoints:
    """Return who can be rung, and what leads outside. What can be neither is noted in `files`."""
    found = Endpoints([], [])
    for device, block, is_trunk, phone in (*_pjsip(files), *_wizard(files), *_sip(files)):
        if not _DEVICE_NAME.fullmatch(device.partition("/")[2]):
            files.note(
                block.place,
                f"[{clean_text(block.name)}] can't be a device of ctihub: a space or one of ; / , & | \" is in it",
            )
        elif is_trunk:
            found.trunks.append(device)
        else:
            found.phones.append(phone)
    _note_databases(files)
    return found


_Found = tuple[str, Block, bool, Phone]


def _pjsip(files: AsteriskFiles) -> Iterator[_Found]:
    blocks = files.blocks("pjsip.conf")
    of_type: dict[str, list[Block]] = {}
    for block in blocks:
        of_type.setdefault(block.get("type").lower(), []).append(block)
    with_contact = {block.name for block in of_type.get("aor", ()) if block.get("contact")}
    identified = {block.get("endpoint", block.name) for block in of_type.get("identify", ())}
    registrations = of_type.get("registration", ())
    registered = {block.get("endpoint") or block.name for block in registrations}
    registered_with = {block.get("outbound_auth") for block in registrations} - {""}
    for block in of_type.get("endpoint", ()):
        if block.name == "anonymous":
            continue
        aors = {aor.strip() for aor in (block.get("aors") or block.get("aor")).split(",")}
        registers = block.name in registered or block.get("outbound_auth") in registered_with
        known_by_place = block.name in identified or bool(aors & with_contact) or bool(block.get("outbound_auth"))
        leads_out = registers or _looks_outside(block.get("context")) or (not block.get("auth") and known_by_place)
        phone = _phone(f"PJSIP/{block.name}", block, mailboxes=block.get("mailboxes"))
        yield phone.device, block, leads_out, phone


def _wizard(files: AsteriskFiles) -> Iterator[_Found]:
    """Yield what pjsip_wizard.conf makes: its settings are those of pjsip.conf with `endpoint/` before them."""
    for block in files.blocks("pjsip_wizard.conf"):
        if block.get("type").lower() != "wizard":
            continue
        leads_out = (
            block.is_on("sends_registrations")
            or _looks_outside(block.get("endpoint/context"))
            or (bool(block.get("remote_hosts")) and not block.is_on("accepts_auth"))
        )
        phone = _phone(f"PJSIP/{block.name}", block, prefix="endpoint/", mailboxes=block.get("endpoint/mailboxes"))
        yield phone.device, block, leads_out, phone


def _sip(files: AsteriskFiles) -> Iterator[_Found]:
    """Yield the peers of chan_sip, which Asterisk had up to version 20."""
    blocks = files.blocks("sip.conf")
    registers = [setting.value for block in blocks for setting in block.all("register")]
    hosts = {match[1].lower() for value in registers if (match := _REGISTER.match(value))}
    for block in blocks:
        if block.name.lower() in {"general", "authentication"} or not block.get("type"):
            continue
        host = block.get("host").lower()
        leads_out = (
            _looks_outside(block.get("context"))
            or not hosts.isdisjoint({host, block.name.lower()})
            or (host not in {"", "dynamic"} and ("invite" in block.get("insecure") or not block.get("secret")))
        )
        phone = _phone(f"SIP/{block.name}", block, mailboxes=block.get("mailbox"))
        yield phone.device, block, leads_out, phone


def _phone(device: str, block: Block, *, mailboxes: str, prefix: str = "") -> Phone:
    name, number = caller_id(block.get(f"{prefix}callerid"))
    return Phone(
        device=device,
        place=block.place,
        name=name or caller_id(block.get("fullname"))[0],
        number=number,
        mailbox=mailbox_of(mailboxes),
        context=block.get(f"{prefix}context"),
    )


def _looks_outside(context: str) -> bool:
    return bool(_TRUNK_CONTEXT.search(context))


def _note_databases(files: AsteriskFiles) -> None:
    for block in files.blocks("extconfig.conf"):
        for setting in block.settings:
            if block.name == "settings" and setting.name in _DATABASE_FAMILIES:
                what = _DATABASE_FAMILIES[setting.name]
                files.note(setting.place, f"further {what} come from a database, which is not read")
    for name, what in (("iax.conf", "IAX"), ("chan_dahdi.conf", "DAHDI"), ("users.conf", "users.conf's")):
        if any(block.get("type") or block.get("channel") or block.get("hassip") for block in files.blocks(name)):
            files.note(Place(name, 1), f"{what} devices are not read: add those that ring or lead outside yourself")
