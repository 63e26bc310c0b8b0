"""Names and numbers that several parts of the configuration have."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", text):
        raise ValueError("must have 1 to 64 letters, digits, _ . or -, and begin with a letter")
    return text


def _device(text: str) -> str:
    # What means something to Dial() is no part of a name: it would ring more than one, or differently.
    if not re.fullmatch(r"[A-Za-z0-9]+/[^\s;/,&|\"]+", text):
        raise ValueError("must be a device as Asterisk names it: TECHNOLOGY/NAME, as in PJSIP/1001")
    return text


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - the highest port
        raise ValueError('must be HOST:PORT, as in "127.0.0.1:8080"')
    return text


Name = Annotated[str, AfterValidator(_name)]
Device = Annotated[str, AfterValidator(_device)]
ListenAddress = Annotated[str, AfterValidator(_listen_address)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Port = Annotated[int, Field(ge=1, le=65_535)]
