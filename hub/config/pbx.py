"""The section `pbx`: one Asterisk, how it is reached, and what the hub may do on it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hub.config.names import Device, Port, Seconds
from hub.config.paths import ExistingFile
from hub.config.patterned import patterned
from hub.config.section import Section


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", text):
        raise ValueError("must be the name of a channel variable: letters, digits and _, as in IVR_CHOICE")
    return text


def _place(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,79}", text):
        raise ValueError("must be a name as the dialplan has it: letters, digits, _ . or -")
    return text


Variable = Annotated[str, AfterValidator(_variable)]
Place = Annotated[str, AfterValidator(_place)]
QueueName = Annotated[
    str,
    patterned(
        r'[^\s,;"$]{1,128}', 'a queue as queues.conf names it, of up to 128 characters without spaces , ; $ or "'
    ),
]


class TlsSection(Section):
    enabled: bool = True
    ca_file: ExistingFile | None = None
    verify: bool = True


class QueueSection(Section):
    """What differs for one queue. `after_call_s` None: as for the PBX. 0: no after-call work."""

    after_call_s: Annotated[float | None, Field(ge=0, le=86_400)] = None


class ControlSection(Section):
    """What the hub uses on the PBX when an agent commands a call.

    `context` is where what an agent dials is looked up, `hub_context` the part of the dialplan that comes with the
    hub (docker/asterisk/etc/ctihub.conf), `parking_lot` where calls are parked, `recordings` the folder, on the PBX,
    of recordings. `timeout_s` is how long a command may take.
    """

    context: Place = "from-phones"
    hub_context: Place = "ctihub"
    parking_lot: Place = "default"
    recordings: Annotated[
        str, patterned(r"/[A-Za-z0-9_./-]{0,199}", "a folder on the PBX, as in /var/spool/asterisk/monitor")
    ] = "/var/spool/asterisk/monitor"
    recording_format: Literal["wav", "gsm", "wav49"] = "wav"
    timeout_s: Seconds = 5.0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.context == self.hub_context:
            raise ValueError("context and hub_context must differ: what agents dial must not lead into the hub's part")
        return self


class PbxSection(Section):
    """One Asterisk, reached by its manager interface (manager.conf)."""

    host: Annotated[str, Field(min_length=1)]
    port: Port = 5038
    username: Annotated[str, Field(min_length=1)]
    secret: SecretStr
    tls: TlsSection | None = None
    login: Annotated[
        Literal["md5", "plain"],
        Field(
            description="md5 proves the secret without sending it; plain sends it, for a proxy that knows no Challenge"
        ),
    ] = "md5"
    keepalive_s: Seconds = 15.0
    action_timeout_s: Seconds = 10.0
    reconnect_min_s: Seconds = 0.5
    # Calls are to be right again within 5 s of a PBX's return: this wait, and what logging in and listing takes.
    reconnect_max_s: Seconds = 3.0
    max_message_bytes: Annotated[int, Field(ge=4_096, le=64 * 1024 * 1024)] = 1024 * 1024
    trunks: Annotated[
        tuple[Device, ...],
        Field(description="Devices towards the outside, as in PJSIP/trunk; a call from one of them is inbound"),
    ] = ()
    variables: Annotated[
        tuple[Variable, ...],
        Field(description="Channel variables that are kept with the call: what the caller chose in the IVR"),
    ] = ()
    shared_call_variable: Annotated[
        Variable | None,
        Field(description="Variable that has one value on both PBXs for a call that goes from one to the other"),
    ] = None
    shared_call_trunks: Annotated[
        tuple[Device, ...],
        Field(
            description="Devices towards the other PBXs of the hub: their legs are no party of a call that is shared"
        ),
    ] = ()
    dtmf: Annotated[bool, Field(description="Tell each digit pressed; leave off where callers enter card numbers")] = (
        False
    )
    after_call_s: Annotated[
        float, Field(ge=0, le=86_400, description="After-call work after a queue call; 0: none")
    ] = 0.0
    queues: Annotated[dict[QueueName, QueueSection], Field(description="What differs for one queue")] = {}
    control: ControlSection = ControlSection()

    @model_validator(mode="after")
    def _backoff(self) -> Self:
        if self.reconnect_max_s < self.reconnect_min_s:
            raise ValueError("reconnect_max_s must not be below reconnect_min_s")
        return self

    @model_validator(mode="after")
    def _sharing(self) -> Self:
        if bool(self.shared_call_variable) != bool(self.shared_call_trunks):
            raise ValueError(
                "shared_call_variable and shared_call_trunks need each other: name the variable and trunks"
            )
        return self

    @property
    def followed_variables(self) -> tuple[str, ...]:
        """The channel variables that are kept with a call: those named, and the one that PBXs share."""
        shared = (self.shared_call_variable,) if self.shared_call_variable else ()
        return tuple(dict.fromkeys((*self.variables, *shared)))
