"""What AMI actions do on the simulated PBX, and what it answers; what is not here it refuses as Asterisk does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from hub.demo.pbx.channel import NORMAL_CLEARING, Bridge, Channel, Headers
from hub.demo.pbx.dialplan import Dialplan
from hub.demo.pbx.exchange import SERVICE_LEVEL_S, Exchange


class ActionError(Exception):
    """An action is refused; the message is the PBX's."""


class Actions:
    """Call with an action whose names are in lower case; returns the messages of the answer."""

    def __init__(self, exchange: Exchange, dialplan: Dialplan) -> None:
        self._exchange = exchange
        self._dialplan = dialplan
        self._originating: set[asyncio.Task[None]] = set()
        self._actions: dict[str, Callable[[Headers], Iterable[Headers]]] = {
            "ping": lambda _: [{"Response": "Success", "Ping": "Pong", "Timestamp": f"{time.time():.6f}"}],
            "filter": lambda _: _done("Filter added successfully"),
            "coresettings": lambda _: [
                {"Response": "Success", "AMIversion": "11.0.0", "AsteriskVersion": "22.0.0-simulated"},
            ],
            "coreshowchannels": self._channels,
            "status": self._status,
            "bridgelist": self._bridges,
            "bridgeinfo": self._bridge_info,
            "queuestatus": self._queue_status,
            "queuesummary": self._queue_summary,
            "devicestatelist": self._device_states,
            "parkedcalls": self._parked_calls,
            "confbridgelistrooms": lambda _: listed([], "ConfbridgeListRoomsComplete"),
            "pjsipshowendpoints": self._endpoints,
            "showdialplan": self._show_dialplan,
            "getvar": self._get_variable,
            "setvar": self._set_variable,
            "originate": self._originate,
            "pjsipnotify": self._notify,
            "hangup": self._hang_up,
            "redirect": self._redirect,
            "blindtransfer": self._blind_transfer,
            "park": self._park,
            "playdtmf": self._play_digit,
            "muteaudio": self._mute,
            "userevent": self._user_event,
            "mixmonitor": self._record,
            "stopmixmonitor": self._stop_recording,
            "mixmonitormute": self._pause_recording,
            "queueadd": self._add_member,
            "queueremove": self._remove_member,
            "queuepause": self._pause_member,
        }

    def __call__(self, action: Headers) -> Iterable[Headers]:
        do = self._actions.get(action.get("action", "").lower())
        if do is None:
            return [{"Response": "Error", "Message": "Invalid/unknown command"}]
        try:
            return do(action)
        except ActionError as error:
            return [{"Response": "Error", "Message": str(error)}]

    def _channel(self, action: Headers, header: str = "channel") -> Channel:
        channel = self._exchange.channel(action.get(header, ""))
        if channel is None:
            raise ActionError("No such channel")
        channel.touched_at = time.time()
        return channel

    def _channels(self, _: Headers) -> list[Headers]:
        rows = [
            {"Event": "CoreShowChannel", **channel.headers(), "BridgeId": channel.bridge}
            | {"Application": "Queue", "ApplicationData": self._exchange.queue, "Duration": channel.duration}
            for channel in self._exchange.channels
        ]
        return listed(rows, "CoreShowChannelsComplete")

    def _status(self, action: Headers) -> list[Headers]:
        names = [name for name in action.get("variables", "").split(",") if name]
        rows = [
            {"Event": "Status", **channel.headers(), "BridgeID": channel.bridge}
            | {f"Variable({name})": channel.variables.get(name, "") for name in names}
            for channel in self._exchange.channels
        ]
        return listed(rows, "StatusComplete")

    def _bridges(self, _: Headers) -> list[Headers]:
        rows = [{"Event": "BridgeListItem", **bridge.headers()} for bridge in self._exchange.bridges]
        return listed(rows, "BridgeListComplete")

    def _bridge_info(self, action: Headers) -> list[Headers]:
        wanted = action.get("bridgeuniqueid", "")
        bridge: Bridge | None = next((one for one in self._exchange.bridges if one.uniqueid == wanted), None)
        if bridge is None:
            raise ActionError("Bridge not found")
        rows = [{"Event": "BridgeInfoChannel", **channel.headers()} for channel in bridge.members]
        return listed(rows, "BridgeInfoComplete")

    def _queue_status(self, _: Headers) -> list[Headers]:
        exchange = self._exchange
        share = 100 * exchange.in_time / exchange.completed if exchange.completed else 0.0
        rows = [
            {
                "Event": "QueueParams",
                "Queue": exchange.queue,
                "Max": "0",
                "Strategy": "rrmemory",
                "Calls": str(len(exchange.waiting)),
                "Holdtime": "0",
                "TalkTime": "0",
                "Completed": str(exchange.completed),
                "Abandoned": str(exchange.abandoned),
                "ServiceLevel": str(SERVICE_LEVEL_S),
                "ServicelevelPerf": f"{share:.1f}",
            },
            *(self._listed_member(device) for device in exchange.members),
            *(
                {
                    "Event": "QueueEntry",
                    "Queue": entry.queue,
                    "Position": str(position),
                    "Channel": entry.channel.name,
                    "Uniqueid": entry.channel.uniqueid,
                    "CallerIDNum": entry.channel.number or "<unknown>",
                    "CallerIDName": entry.channel.caller_name or "<unknown>",
                    "Wait": str(int(time.time() - entry.since)),
                }
                for position, entry in enumerate(exchange.waiting, start=1)
            ),
        ]
        return listed(rows, "QueueStatusComplete")

    def _listed_member(self, device: str) -> Headers:
        """Return a member as QueueStatus lists it, which names two things otherwise than the events do."""
        headers = self._exchange.member_headers(device)
        name, interface = headers.pop("MemberName"), headers.pop("Interface")
        return {"Event": "QueueMember", "Name": name, "Location": interface, **headers}

    def _queue_summary(self, _: Headers) -> list[Headers]:
        row = {"Event": "QueueSummary", "Queue": self._exchange.queue, "Callers": str(len(self._exchange.waiting))}
        return listed([row], "QueueSummaryComplete")

    def _device_states(self, _: Headers) -> list[Headers]:
        rows = [
            {
                "Event": "DeviceStateChange",
                "Device": device,
                "State": "INUSE" if self._exchange.is_busy(device) else "NOT_INUSE",
            }
            for device in self._exchange.phones
        ]
        return listed(rows, "DeviceStateListComplete")

    def _endpoints(self, _: Headers) -> list[Headers]:
        names = ["trunk", *(device.partition("/")[2] for device in self._exchange.phones)]
        rows = [{"Event": "EndpointList", "ObjectType": "endpoint", "ObjectName": name} for name in names]
        return listed(rows, "EndpointListComplete")

    def _parked_calls(self, _: Headers) -> list[Headers]:
        rows = [{"Event": "ParkedCall", **self._dialplan.parking_headers(space)} for space in self._dialplan.parked]
        return listed(rows, "ParkedCallsComplete")

    def _show_dialplan(self, action: Headers) -> list[Headers]:
        context, wanted = action.get("context", ""), action.get("extension", "")
        known = self._dialplan.extensions(context)
        if not known or (wanted and not self._dialplan.leads_to(context, wanted)):
            raise ActionError(f"Did not find context {context}" if not known else f"Did not find extension {wanted}")
        rows = [
            {
                "Event": "ListDialplan",
                "Context": context,
                "Extension": extension,
                "Priority": "1",
                "Application": "Dial",
            }
            for extension in ([wanted] if wanted else known)
        ]
        return listed(rows, "ShowDialPlanComplete")

    def _get_variable(self, action: Headers) -> list[Headers]:
        name = action.get("variable", "")
        value = self._channel(action).variables.get(name, "")
        return [{"Response": "Success", "Variable": name, "Value": value}]

    def _set_variable(self, action: Headers) -> list[Headers]:
        self._exchange.set_variable(self._channel(action), action.get("variable", ""), action.get("value", ""))
        return _done("Variable Set")

    def _originate(self, action: Headers) -> list[Headers]:
        device, context, extension = (action.get(name, "") for name in ("channel", "context", "exten"))
        if device.startswith("Local/"):
            task = self._call_into(action, device.removeprefix("Local/").partition("@")[0], context, extension)
        elif device in self._exchange.phones:
            phone = self._exchange.begin(
                device,
                number=device.partition("/")[2],
                name=self._exchange.phones[device],
                exten=extension,
                context=context,
                uniqueid=action.get("channelid", ""),
            )
            task = self._ring(action, phone, context, extension)
        else:
            raise ActionError("Originate failed")
        originating = asyncio.get_running_loop().create_task(task)
        self._originating.add(originating)
        originating.add_done_callback(self._originating.discard)
        return _done("Originate successfully queued")

    async def _ring(self, action: Headers, phone: Channel, context: str, extension: str) -> None:
        phone.variables.update(_variables(action))
        was_busy = len([one for one in self._exchange.channels if one.device == phone.device]) > 1
        if was_busy:
            self._exchange.hang_up(phone, NORMAL_CLEARING)
        answered = not was_busy and await self._dialplan.originate(phone, context, extension)
        self._tell_response(action, phone.uniqueid, "4" if answered else "5" if was_busy else "3")

    async def _call_into(self, action: Headers, number: str, context: str, extension: str) -> None:
        """Call a number and send it on, without the two halves of a Local channel in between."""
        called = self._dialplan.outgoing(number)
        if called is None:
            self._tell_response(action, "", "5")
            return
        called.variables.update(_variables(action))
        answered = await self._dialplan.originate(called, context, extension)
        self._tell_response(action, called.uniqueid, "4" if answered else "3")

    def _tell_response(self, action: Headers, uniqueid: str, reason: str) -> None:
        self._exchange.tell(
            "OriginateResponse",
            {
                "ActionID": action.get("actionid", ""),
                "Response": "Success" if reason == "4" else "Failure",
                "Channel": action.get("channel", ""),
                "Context": action.get("context", ""),
                "Exten": action.get("exten", ""),
                "Reason": reason,
                "Uniqueid": uniqueid,
            },
        )

    def _notify(self, action: Headers) -> list[Headers]:
        channel = self._channel(action)
        if "talk" in action.get("variable", ""):
            self._dialplan.pick_up(channel)
        return _done("NOTIFY sent")

    def _hang_up(self, action: Headers) -> list[Headers]:
        self._exchange.hang_up(self._channel(action), int(action.get("cause") or NORMAL_CLEARING))
        return _done("Channel Hungup")

    def _redirect(self, action: Headers) -> list[Headers]:
        moved = [(self._channel(action), action.get("context", ""), action.get("exten", ""))]
        if action.get("extrachannel"):
            extra = self._channel(action, "extrachannel")
            moved.append((extra, action.get("extracontext", ""), action.get("extraexten", "")))
        self._exchange.leave(*(channel for channel, _, _ in moved))
        for channel, context, extension in moved:
            self._dialplan.send(channel, context, extension)
        return _done("Redirect successful")

    def _blind_transfer(self, action: Headers) -> list[Headers]:
        channel, context, extension = self._channel(action), action.get("context", ""), action.get("exten", "")
        other = self._exchange.partner(channel)
        if other is None:
            raise ActionError("Transfer failed")
        self._exchange.tell(
            "BlindTransfer",
            channel.headers("Transferer")
            | other.headers("Transferee")
            | {"Result": "Success", "IsExternal": "Yes", "Context": context, "Extension": extension},
        )
        self._exchange.leave(channel, other)
        self._dialplan.send(other, context, extension)
        self._exchange.hang_up(channel, NORMAL_CLEARING)
        return _done("Transfer succeeded")

    def _park(self, action: Headers) -> list[Headers]:
        channel = self._channel(action)
        parker = self._channel(action, "timeoutchannel")
        self._exchange.leave(channel, parker)
        self._dialplan.park(channel, parker.device)
        return _done("Park successful")

    def _play_digit(self, action: Headers) -> list[Headers]:
        self._channel(action)
        return _done("DTMF successfully queued")

    def _mute(self, action: Headers) -> list[Headers]:
        self._channel(action)
        return _done("Mute set successfully")

    def _user_event(self, action: Headers) -> list[Headers]:
        told = {"userevent": "UserEvent", "uniqueid": "Uniqueid", "channel": "Channel", "device": "Device"}
        self._exchange.tell("UserEvent", {told[name]: value for name, value in action.items() if name in told})
        return _done("Event Sent")

    def _record(self, action: Headers) -> list[Headers]:
        channel = self._channel(action)
        channel.variables["MIXMONITOR_FILENAME"] = action.get("file", "")
        self._exchange.tell("MixMonitorStart", channel.headers())
        return [{"Response": "Success", "MixMonitorID": "0x1"}]

    def _recorded(self, action: Headers) -> Channel:
        channel = self._channel(action)
        if not channel.variables.get("MIXMONITOR_FILENAME"):
            raise ActionError("Could not stop monitoring channel")
        return channel

    def _stop_recording(self, action: Headers) -> list[Headers]:
        channel = self._recorded(action)
        del channel.variables["MIXMONITOR_FILENAME"]
        self._exchange.tell("MixMonitorStop", channel.headers())
        return _done("Stopped monitoring channel")

    def _pause_recording(self, action: Headers) -> list[Headers]:
        channel = self._recorded(action)
        about = {"Direction": "both", "State": action.get("state", "1")}
        self._exchange.tell("MixMonitorMute", channel.headers() | about)
        return _done("")

    def _member(self, action: Headers) -> str:
        device = action.get("interface", "")
        if action.get("queue", self._exchange.queue) != self._exchange.queue or device not in self._exchange.members:
            raise ActionError("Interface not found")
        return device

    def _add_member(self, action: Headers) -> list[Headers]:
        device = action.get("interface", "")
        if action.get("queue") != self._exchange.queue or device not in self._exchange.phones:
            raise ActionError("Unable to add interface to queue: No such queue")
        if device in self._exchange.members:
            raise ActionError("Unable to add interface: Already there")
        self._exchange.add_member(device, action.get("membername", device))
        return _done("Added interface to queue")

    def _remove_member(self, action: Headers) -> list[Headers]:
        self._exchange.remove_member(self._member(action))
        return _done("Removed interface from queue")

    def _pause_member(self, action: Headers) -> list[Headers]:
        is_paused = action.get("paused", "").lower() in {"true", "1", "yes"}
        self._exchange.pause_member(self._member(action), is_paused=is_paused, reason=action.get("reason", ""))
        return _done("Interface paused successfully" if is_paused else "Interface unpaused successfully")


def _done(message: str) -> list[Headers]:
    return [{"Response": "Success", "Message": message}]


def _variables(action: Headers) -> dict[str, str]:
    """Read the variables that the reader of actions has put into one header, each on a line."""
    pairs = (line.partition("=") for line in action.get("variable", "").splitlines())
    return {name: value for name, _, value in pairs if name}


def listed(rows: list[Headers], complete: str) -> list[Headers]:
    return [
        {"Response": "Success", "EventList": "start", "Message": "A list will follow"},
        *rows,
        {"Event": complete, "EventList": "Complete", "ListItems": str(len(rows))},
    ]
