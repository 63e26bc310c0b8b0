"""What may be the name of a device or a queue: nothing that a dialplan would take for more than that."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hub.config.names import Device
from hub.config.pbx import ControlSection, QueueName

_device: TypeAdapter[str] = TypeAdapter(Device)
_queue: TypeAdapter[str] = TypeAdapter(QueueName)


@pytest.mark.parametrize("text", ["PJSIP/1001&PJSIP2", "PJSIP/1001,60", 'PJSIP/10"01', "PJSIP/a|b"])
def test_a_device_is_one_device(text: str) -> None:
    """It is rung as it stands, by Originate and by Dial(${CTI_AGENT_DEVICE})."""
    with pytest.raises(ValidationError, match="must be a device as Asterisk names it"):
        _device.validate_python(text)


@pytest.mark.parametrize("text", ["PJSIP/alice.b-2", "Agent/7002", "Local/1005@agents", "SIP/büro", "IAX2/a+b"])
def test_a_device_may_have_any_usual_name(text: str) -> None:
    """Names are the site's."""
    assert text == _device.validate_python(text)


@pytest.mark.parametrize("text", ["", "a b", "a,b", "a;b", 'a"b', "a${b}", "a\n", "x" * 129])
def test_a_queue_is_one_queue_in_words(text: str) -> None:
    """It goes into Queue() and into expressions; what is wrong is said without a pattern."""
    with pytest.raises(ValidationError, match=r"must be a queue as queues\.conf names it"):
        _queue.validate_python(text)


def test_a_queue_may_have_any_usual_name() -> None:
    """Letters of any language, and what is usual between them."""
    assert "vertrieb-süd_2.a" == _queue.validate_python("vertrieb-süd_2.a")


@pytest.mark.parametrize("text", ["recordings", "/a b", "/a;b", "/a\n"])
def test_where_recordings_go_is_a_folder_in_words(text: str) -> None:
    """A relative one would be Asterisk's to guess."""
    fields: dict[str, Any] = {"recordings": text}
    with pytest.raises(ValidationError, match="must be a folder on the PBX"):
        ControlSection(**fields)
