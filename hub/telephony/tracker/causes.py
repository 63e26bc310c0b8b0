"""Why it ended: hang-up causes (ITU-T Q.850) and dial statuses in CSTA's words."""

from __future__ import annotations

from hub.domain.call import Cause

ANSWERED_ELSEWHERE = 26
"""Q.850 "non-selected user clearing", which Asterisk sends to those who lost a ring-all."""

_Q850 = {
    1: Cause.DEST_NOT_OBTAINABLE,
    2: Cause.DEST_NOT_OBTAINABLE,
    3: Cause.DEST_NOT_OBTAINABLE,
    17: Cause.BUSY,
    18: Cause.CALL_NOT_ANSWERED,
    19: Cause.CALL_NOT_ANSWERED,
    20: Cause.DEST_NOT_OBTAINABLE,
    21: Cause.REJECTED,
    22: Cause.DEST_NOT_OBTAINABLE,
    ANSWERED_ELSEWHERE: Cause.ANSWERED_ELSEWHERE,
    27: Cause.DEST_NOT_OBTAINABLE,
    28: Cause.DEST_NOT_OBTAINABLE,
    34: Cause.NETWORK_CONGESTION,
    38: Cause.NETWORK_CONGESTION,
    41: Cause.NETWORK_CONGESTION,
    42: Cause.NETWORK_CONGESTION,
    44: Cause.NETWORK_CONGESTION,
    58: Cause.DEST_NOT_OBTAINABLE,
}

_NEVER_ALERTED = {
    "BUSY": Cause.BUSY,
    "CONGESTION": Cause.NETWORK_CONGESTION,
    "CHANUNAVAIL": Cause.DEST_NOT_OBTAINABLE,
    "NOANSWER": Cause.DEST_NOT_OBTAINABLE,
}
"""How dialling a device that never rang failed. Nobody heard it, so no answer means that it wasn't there."""

_ALERTED = {
    "BUSY": Cause.REJECTED,
    "CONGESTION": Cause.NETWORK_CONGESTION,
    "CHANUNAVAIL": Cause.DEST_NOT_OBTAINABLE,
    "FORWARD": Cause.REDIRECTED,
}
"""How the ringing of a device ended. A phone that rings and then says busy was told to reject the call."""


def clearing_cause(code: int) -> Cause:
    """Return the cause of a connection's end that had nothing unusual about it before."""
    return _Q850.get(code, Cause.NORMAL_CLEARING)


def is_refusal(code: int) -> bool:
    """Whether this cause says no to a caller, rather than that somebody hung up."""
    return code in _Q850


def failure_cause(dial_status: str, code: int) -> Cause | None:
    """Return why a device never rang, or None if it was only given up before it could.

    Where nothing rang nobody can have rejected the call: the device did by itself.
    """
    told = _failure_code(code)
    if told is Cause.REJECTED:
        return Cause.DO_NOT_DISTURB
    if dial_status == "NOANSWER":
        return _NEVER_ALERTED[dial_status] if told in (None, Cause.CALL_NOT_ANSWERED) else told
    return _NEVER_ALERTED.get(dial_status) if dial_status else told


def _failure_code(code: int) -> Cause | None:
    cause = _Q850.get(code)
    return None if cause is Cause.ANSWERED_ELSEWHERE else cause


def _refusal(code: int) -> Cause | None:
    """Return what a phone said when it refused: Asterisk calls all of it NOANSWER but a few codes (603 comes as 21)."""
    cause = _failure_code(code)
    return Cause.REJECTED if cause is Cause.BUSY else cause


def unanswered_cause(dial_status: str, code: int) -> Cause | None:
    """Return why a ringing device fell silent, or None where the call as a whole must tell."""
    if code == ANSWERED_ELSEWHERE:
        return Cause.ANSWERED_ELSEWHERE
    if dial_status == "NOANSWER":
        return _refusal(code) or Cause.CALL_NOT_ANSWERED
    return _ALERTED.get(dial_status) if dial_status else _refusal(code)
