"""`ctihub demo`: a simulated PBX and two simulated backends on loopback, and the real hub between them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from hub.demo import contacts, field_service
from hub.demo.entrance import Entrance
from hub.demo.pbx.dialplan import Dialplan
from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.demo.people import CALLERS, Backend, sap_services, service_cloud_tables
from hub.demo.process import DemoError, HubProcess
from hub.demo.sap.server import SimulatedSap
from hub.demo.script import Pace, Script
from hub.demo.service_cloud.server import PATH as SERVICE_CLOUD_PATH
from hub.demo.service_cloud.server import SimulatedServiceCloud
from hub.demo.site import Site
from hub.demo.web_shop import PATH, WebShop
from hub.domain.day import local_day

USUAL_PORT = 8088
_AGENT = "alice"
_SUPERVISOR = "sue"
_DEVICE = "PJSIP/1001"
_HELPER = "PJSIP/1002"
_PHONES = {_DEVICE: "Alice Weber", _HELPER: "Bob Krause", "PJSIP/1003": "Sue Chen"}
_COLLEAGUE_ANSWERS_S = 2.5
_SAP_IS_SLOW_S = 2.5
_CONFIG = """\
# The demo's configuration, written anew each time; everything it names stands outside the hub.
hub: {{listen: "127.0.0.1:{hub_port}", region: DE}}
store: {{url: "sqlite:///{folder}/ctihub.db"}}
pbx:
  main: {{host: 127.0.0.1, port: {pbx_port}, username: hub, secret: "${{file:secrets/pbx}}", trunks: [PJSIP/trunk],
    variables: [IVR_CHOICE], after_call_s: {after_call_s}}}
agents:
  alice: {{name: Alice Weber, devices: [PJSIP/1001], queues: [support]}}
  bob: {{name: Bob Krause, devices: [PJSIP/1002], queues: [support]}}
  sue: {{name: Sue Chen, devices: [PJSIP/1003], role: supervisor}}
connectors:
  sap:
    kind: odata
    preset: sap_s4hana
    title: SAP S/4HANA
    url: {sap_url}/sap/opu/odata/sap
    auth: {{type: basic, username: CTIHUB, password: "${{file:secrets/sap}}"}}
  service_cloud:
    kind: soap
    preset: oracle_service_cloud
    title: Oracle Service Cloud
    wsdl: {service_cloud_url}?wsdl
    auth: {{type: wsse, username: ctihub, password: "${{file:secrets/service_cloud}}"}}
  field_service:
    kind: csv
    title: Field service
    file: field_service.csv
    mapping: {field_service_mapping}
    operations:
      by_phone: {{key: phone, columns: [phone, old_phone]}}
      by_email: {{key: email, columns: [email]}}
      by_id: {{key: id, columns: [number]}}
context: {{cache_s: 20}}
inbound:
  shop: {{mapping: feeds/order_shipped}}
  channels: {{mapping: {contacts_mapping}, title: Web site and mail}}
  website:
    system: field_service                     # whose customers sign in there
    title: Web shop
    web:
      origins: ["{shop_origin}"]
      secret: "${{file:secrets/website}}"
      callback: {{queue: support, agents: [alice]}}
auth:
  tokens:
    terminal: "${{file:secrets/terminal}}"    # what `ctihub tap` signs in with
    shop: {{token: "${{file:secrets/shop}}", may: [publish], feeds: [shop]}}
    channels: {{token: "${{file:secrets/channels}}", may: [publish], feeds: [channels]}}
"""
_SECRETS = ("pbx", "sap", "service_cloud", "terminal", "shop", "channels", "website")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _sap_delay(expression: str) -> float:
    slow = (caller.number for caller in CALLERS if caller.sap is Backend.SLOW)
    return _SAP_IS_SLOW_S if any(number in expression for number in slow) else 0.05


async def _open(entrance: Entrance, port: int | None) -> Site:
    """Open the address to print: at `port`, or without one at the usual port or else a free one."""
    site = Site(entrance.app, port=USUAL_PORT if port is None else port)
    try:
        await site.start()
    except OSError as error:
        # asyncio writes the address into strerror, which the message has already.
        reason = os.strerror(error.errno) if error.errno else str(error)
        if port is not None:
            raise DemoError(f"port {port} can't be had ({reason}): give another with --port") from error
        sys.stdout.write(f"Port {USUAL_PORT} can't be had ({reason}): the demo takes a free one.\n")
        site = Site(entrance.app)
        await site.start()
    return site


async def _play(port: int | None, pace: Pace, folder: Path) -> None:
    today = local_day()
    passwords = _write_secrets(folder / "secrets")
    exchange = Exchange(queue="support", members={}, phones=_PHONES)
    for device in (_DEVICE, _HELPER):
        exchange.add_member(device, _PHONES[device])
    dialplan = Dialplan(
        exchange, answers_after_s=lambda device: pace.ringing if device == _DEVICE else _COLLEAGUE_ANSWERS_S
    )
    pbx = ManagerServer(exchange, username="hub", secret=passwords["pbx"], dialplan=dialplan)
    sap = SimulatedSap(sap_services(today), username="CTIHUB", password=passwords["sap"], delay=_sap_delay)
    service_cloud = SimulatedServiceCloud(
        service_cloud_tables(today), username="ctihub", password=passwords["service_cloud"]
    )
    sap_site, service_cloud_site = Site(sap.app), Site(service_cloud.app)
    hub_port = _free_port()
    hub_url = f"http://127.0.0.1:{hub_port}"
    users = {name: secrets.token_urlsafe(16) for name in (_AGENT, _SUPERVISOR)}
    visitor = field_service.CUSTOMERS[0]
    shop = WebShop(
        hub_url=hub_url,
        secret=passwords["website"],
        customer=visitor.number,
        name=visitor.name,
        phone=visitor.phone,
    )
    entrance = Entrance(desk_url=hub_url, users={"/": _AGENT, "/supervisor": _SUPERVISOR}, passwords=users, shop=shop)

    async with AsyncExitStack() as stack:
        await pbx.start()
        stack.push_async_callback(pbx.stop)
        for site in (sap_site, service_cloud_site):
            await site.start()
            stack.push_async_callback(site.stop)
        entrance_site = await _open(entrance, port)
        stack.push_async_callback(entrance_site.stop)

        config_file = folder / "ctihub.yaml"
        config_file.write_text(
            _CONFIG.format(
                hub_port=hub_port,
                folder=folder,
                pbx_port=pbx.port,
                after_call_s=pace.after_call,
                sap_url=sap_site.url,
                service_cloud_url=f"{service_cloud_site.url}{SERVICE_CLOUD_PATH}",
                field_service_mapping=field_service.MAPPING_NAME,
                contacts_mapping=contacts.MAPPING_NAME,
                shop_origin=entrance_site.url,
            ),
            encoding="utf-8",
        )
        (folder / "field_service.csv").write_text(field_service.file_text(today), encoding="utf-8")
        for module in (field_service, contacts):
            mapping = folder / "mappings" / f"{module.MAPPING_NAME}.yaml"
            mapping.parent.mkdir(parents=True)
            mapping.write_text(module.MAPPING, encoding="utf-8")
        hub = HubProcess(config_file, folder / "hub.log")
        for user, password in users.items():
            await hub.add_user(user, password)
        stack.push_async_callback(hub.stop)
        await hub.start(hub_url)
        feed = f"{hub_url}/api/v1/inbound/channels"
        await contacts.tell(feed, passwords["channels"], contacts.CONTACTS, datetime.now(UTC))
        _say(entrance_site.url, hub_url, folder)

        async def switch_service_cloud(on: bool) -> None:
            await (service_cloud_site.start() if on else service_cloud_site.stop())

        script = Script(
            exchange,
            dialplan,
            CALLERS,
            device=_DEVICE,
            helper=_HELPER,
            dialled="493023125100",
            pace=pace,
            switch_service_cloud=switch_service_cloud,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(script.run())
            group.create_task(_watch(hub))


async def _watch(hub: HubProcess) -> None:
    raise DemoError(f"the hub ended with status {await hub.wait()}")


def _write_secrets(folder: Path) -> dict[str, str]:
    """Make a password each, and leave it where the configuration, and whoever uses it beside the hub, finds it."""
    folder.mkdir(mode=0o700)
    made = {name: secrets.token_urlsafe(32) for name in _SECRETS}
    for name, password in made.items():
        (folder / name).write_text(password, encoding="utf-8")
    return made


def _say(url: str, hub_url: str, folder: Path) -> None:
    shipped_at = datetime.now(UTC).isoformat(timespec="seconds")
    shipped = {"orderNumber": "4711", "shippedAt": shipped_at, "customer": {"phone": CALLERS[0].number}}
    lines = (
        "ctihub demo is running. Calls ring one after the other, each from another caller.",
        "Open the agent's desk (Alice is signed in):",
        "",
        f"    {url}/",
        "",
        "Answer, hold, transfer to Bob (1002), dial: what you do to a call holds. The supervisor's desk, in another",
        f"browser or a private window: {url}/supervisor",
        "",
        f"Be a customer on the web shop's page, who looks at something or asks to be called back: {url}{PATH}",
        "",
        "From another terminal: what happens, live; how a lookup goes; what each backend says.",
        f"    ctihub tap -c {folder}/ctihub.yaml",
        f"    ctihub trace -c {folder}/ctihub.yaml --phone {CALLERS[0].number}",
        f"    ctihub check -c {folder}/ctihub.yaml",
        "",
        "Be the web shop: this order is among the caller's contacts from the next call on, however often you send it.",
        f'    curl {hub_url}/api/v1/inbound/shop -H "Authorization: Bearer $(cat {folder}/secrets/shop)" \\',
        f"         -d '{json.dumps(shipped)}'",
        "",
        f"Configuration and log of the hub: {folder}   Ctrl-C ends the demo.",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


async def _until_stopped(port: int | None, pace: Pace, folder: Path) -> None:
    playing = asyncio.ensure_future(_play(port, pace, folder))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        sys.stdout.write("The demo has ended.\n")


def run_demo(*, port: int | None = None, pace: Pace | None = None) -> int:
    """Run until interrupted; return the exit status.

    `port` is the printed address's; 0 takes any that is free, none the usual one or, where that is taken, any.
    """
    status = 0
    with tempfile.TemporaryDirectory(prefix="ctihub-demo-") as folder:
        try:
            asyncio.run(_until_stopped(port, pace or Pace(), Path(folder)))
        except* DemoError as group:
            for error in group.exceptions:
                sys.stderr.write(f"ctihub demo: {error}\n")
            status = 2
    return status
