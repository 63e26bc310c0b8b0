"""What people may do to calls and agents: one typed command each, and its result (services of ECMA-269, clause 17).

A command acts for one agent. In JSON the field `command` says which it is.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from hub.domain.call import Monitoring

_END = r"$(?!\n)"
"""The very end. Alone `$` is here, unlike in JSON Schema's patterns, also before a line break."""

CommandId = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9._:-]+" + _END)]
"""Made by whoever asks: a command whose id was seen before is not carried out again, its first result comes back."""

AgentId = Annotated[str, Meta(max_length=64)]
Device = Annotated[str, Meta(max_length=128)]
CallId = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[0-9A-Za-z+*#()./ _-]+" + _END)]
Digits = Annotated[str, Meta(min_length=1, max_length=32, pattern="^[0-9A-D*#]+" + _END)]
Queues = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=128)], ...], Meta(max_length=100)]
Reason = Annotated[str, Meta(max_length=64)]


class _Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="command", tag=True):
    """`agent` is for whom; empty: the one who asks. `device` is needed only where the agent has several."""

    id: CommandId
    agent: AgentId = ""
    device: Device = ""


class _OnCall(_Command, frozen=True, kw_only=True, omit_defaults=True):
    """`call_id` names the call; the agent must be in it."""

    call_id: CallId


class Dial(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="dial"):
    """Ring the agent's own device, and once it is answered call `to` from it."""

    to: Number


class Answer(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="answer"):
    """Have the ringing device answer, where it can be told to."""


class HangUp(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="hang_up"):
    """End the agent's own part in the call; for a ringing device: reject it."""


class Hold(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="hold"):
    """Let the other side wait with music."""


class Retrieve(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="retrieve"):
    """Talk again to whom was put on hold."""


class Transfer(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="transfer"):
    """Hand the call over unannounced (single step transfer)."""

    to: Number


class Consult(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="consult"):
    """Put the other side on hold and call `to` to ask first."""

    to: Number


class CompleteTransfer(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="complete_transfer"):
    """Join the held side with the one consulted, and leave the call."""


class Reconnect(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="reconnect"):
    """Give the consultation up and talk to the held side again."""


class Conference(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="conference"):
    """Join all three: the held side, the one consulted, and the agent. With `to`: call that number into it."""

    to: Number | None = None


class Park(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="park"):
    """Park the other side; the result says where."""


class PickUp(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="pick_up"):
    """Take a call that rings at a colleague's or is parked."""


class SendDigits(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="send_digits"):
    """Play DTMF digits to the other side."""

    digits: Digits


class Mute(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="mute"):
    """Let the other side hear nothing of the agent."""


class Unmute(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="unmute"):
    """Let the other side hear the agent again."""


class StartRecording(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="start_recording"):
    """Record the call; the result holds the reference."""


class StopRecording(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="stop_recording"):
    """End the recording."""


class PauseRecording(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="pause_recording"):
    """Record silence for now: a card number is being said."""


class ResumeRecording(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="resume_recording"):
    """Record again what is said."""


class Monitor(_OnCall, frozen=True, kw_only=True, omit_defaults=True, tag="monitor"):
    """Bring a supervisor into the call of another agent, `target`: to listen, to whisper to the agent, to talk."""

    target: AgentId
    mode: Monitoring = Monitoring.SPY


class LogOn(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="log_on"):
    """Become a member of these queues; without any, of all the queues that the configuration gives the agent."""

    queues: Queues = ()


class LogOff(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="log_off"):
    """Leave these queues; without any, all of them."""

    queues: Queues = ()


class Ready(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="ready"):
    """Take calls again, in these queues or in all; ends after-call work as well."""

    queues: Queues = ()


class NotReady(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="not_ready"):
    """Take no calls for a while, in these queues or in all."""

    reason: Reason = ""
    queues: Queues = ()


class AfterCallWork(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="after_call_work"):
    """Begin or prolong the work after a call, until `ready` is said."""


CallCommand = (
    Dial
    | Answer
    | HangUp
    | Hold
    | Retrieve
    | Transfer
    | Consult
    | CompleteTransfer
    | Reconnect
    | Conference
    | Park
    | PickUp
    | SendDigits
    | Mute
    | Unmute
    | StartRecording
    | StopRecording
    | PauseRecording
    | ResumeRecording
    | Monitor
)
AgentCommand = LogOn | LogOff | Ready | NotReady | AfterCallWork
Command = CallCommand | AgentCommand
COMMAND_NAMES = tuple(str(kind.__struct_config__.tag) for kind in get_args(Command))
"""What stands in the field `command`."""


class Refusal(enum.StrEnum):
    """Why a command was not carried out, for programs; `CommandResult.message` says it to people."""

    NOT_ALLOWED = "not_allowed"
    NO_SUCH_AGENT = "no_such_agent"
    NO_SUCH_CALL = "no_such_call"
    NO_SUCH_DEVICE = "no_such_device"
    NO_SUCH_QUEUE = "no_such_queue"
    WRONG_STATE = "wrong_state"
    NOT_POSSIBLE = "not_possible"
    PBX_REFUSED = "pbx_refused"
    PBX_NOT_CONNECTED = "pbx_not_connected"
    TIMED_OUT = "timed_out"
    ID_REUSED = "id_reused"


class CommandResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a command went. `refusal` is unset where it was done; `value` is what it made (parking space, recording)."""

    id: str
    done: bool
    refusal: Refusal | None = None
    message: str = ""
    value: str = ""
    call_id: str = ""


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who gave a command: an agent at the desk, a machine by the name of its token, or the hub itself by a rule."""

    agent: str = ""
    token: str = ""
    rule: str = ""


class CommandRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command as it is journaled: who asked for what, when, and how it went. Digits sent are not written down."""

    command: Command
    actor: Actor
    asked_at: datetime
    result: CommandResult
    pbx: str = ""
