"""The desk's server with real feeds, reception and journal behind it: what is pushed becomes an event."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp
import msgspec
from lxml import etree

from hub.bus.feeds import Feeds
from hub.bus.reception import Reception
from hub.bus.soap.service import soap_services
from hub.config.inbound import InboundFeed
from hub.config.model import Config, HubSection, StoreSection
from hub.config.pbx import PbxSection
from hub.domain.event import Event, decode_event
from hub.domain.inbound import DeadLetter
from hub.journal.journal import Journal
from tests.unit.desk.house import House

USER, PASSWORD = "sap", "gehe!m<&>"
LOGIN = {"username": USER, "password": PASSWORD}
NAMESPACES = {
    "s11": "http://schemas.xmlsoap.org/soap/envelope/",
    "s12": "http://www.w3.org/2003/05/soap-envelope",
    "hub": "urn:ctihub:push:1",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsa": "http://www.w3.org/2005/08/addressing",
}


class Answer(msgspec.Struct):
    """What came back: the status, its headers, and the envelope."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def tree(self) -> etree._Element:
        return etree.fromstring(self.body)

    def text(self, path: str) -> str:
        """Return the text of the one element at an XPath."""
        (text,) = self.texts(path)
        return text

    def texts(self, path: str) -> list[str]:
        found = cast("list[etree._Element]", self.tree.xpath(path, namespaces=NAMESPACES))
        return [(element.text or "").strip() for element in found]

    @property
    def fault(self) -> tuple[str, str]:
        """Return code and reason of a fault of either version."""
        if self.tree.tag.startswith("{" + NAMESPACES["s11"]):
            return self.text("//faultcode"), self.text("//faultstring")
        subcodes = self.texts("//s12:Subcode/s12:Value")
        return (subcodes or [self.text("//s12:Code/s12:Value")])[0], self.text("//s12:Reason/s12:Text")


class PushSite:
    def __init__(self, house: House, journal: Journal, reception: Reception) -> None:
        self.house = house
        self.journal = journal
        self.reception = reception

    def address(self, feed: str) -> str:
        return f"{self.house.url}/api/v1/inbound/{feed}"

    async def send(self, feed: str, body: bytes, content_type: str, **headers: str) -> Answer:
        """Post a body as it is."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.address(feed), data=body, headers={"Content-Type": content_type, **headers}) as reply,
        ):
            return Answer(reply.status, dict(reply.headers), await reply.read())

    async def events(self) -> list[Event]:
        return [decode_event(stored.body) for stored in await self.journal.read(0, 1_000)]

    async def dead(self) -> list[DeadLetter]:
        """Return the dead letters, with their bodies."""
        found = [await self.journal.dead_letter(letter.id) for letter in await self.journal.dead_letters()]
        return [letter for letter in found if letter is not None]


@asynccontextmanager
async def push_site(
    folder: Path, feeds: Mapping[str, Mapping[str, Any]], mappings: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[PushSite]:
    """Run the server with these sections of `inbound:`; `mappings` are files by their names (`folder/name`)."""
    for name, text in (mappings or {}).items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    config = Config(
        hub=HubSection(region="DE", mappings=(str(folder),)),
        store=StoreSection(url=f"sqlite:///{folder}/journal.db"),
        pbx={"main": PbxSection.model_validate({"host": "127.0.0.1", "username": "hub", "secret": "x"})},
        inbound={name: InboundFeed.model_validate(section) for name, section in feeds.items()},
    )
    journal = await Journal.open(config.store.place)
    reception = Reception(Feeds(config), journal, on_event=lambda _: None)
    soap = soap_services(config.inbound, reception)
    try:
        house = House(folder, feeds=config.inbound, soap=soap, reception=reception, **options)
        async with house:
            yield PushSite(house, journal, reception)
    finally:
        await journal.close()
