"""How an enquiry can end other than by an answer."""

from __future__ import annotations


class FastAgiError(Exception):
    """The peer does not keep to the protocol; the message says how, without anything that it sent."""


class ChannelGoneError(Exception):
    """The channel hung up, or the PBX closed the connection: nobody waits for the answer any more."""


class ListenError(Exception):
    """The address of `routing.listen` can't be had; the cause is the system's OSError."""
