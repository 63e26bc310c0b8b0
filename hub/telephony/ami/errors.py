"""What can go wrong with a PBX's manager interface. Messages are for people and never hold a secret.

The names say what happened, not "Error": they are read in ``except`` lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiReply


class AmiError(Exception):
    """Anything that went wrong between the hub and a PBX."""


class AmiLoginRefused(AmiError):  # noqa: N818 - see the module's docstring
    """The PBX was reached and does not let the hub in: trying again soon changes nothing."""


class AmiConnectionLost(AmiError):  # noqa: N818 - see the module's docstring
    """There is no connection: it could not be made, or it ended."""


class AmiTimeout(AmiError):  # noqa: N818 - see the module's docstring
    """The PBX did not answer in time."""


class AmiProtocolError(AmiError):
    """What arrived is not AMI, or passes a limit; the connection is dropped."""


class AmiActionFailed(AmiError):  # noqa: N818 - see the module's docstring
    """The PBX answered an action with ``Response: Error``."""

    def __init__(self, message: str, *, action: str, reply: AmiReply) -> None:
        super().__init__(message)
        self.action = action
        self.reply = reply
