"""The section `pbx`: what must go together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from hub.config.pbx import ControlSection, PbxSection


def section(**more: Any) -> PbxSection:
    return PbxSection(host="127.0.0.1", username="hub", secret=SecretStr("x"), **more)


@pytest.mark.parametrize(
    "half", [{"shared_call_variable": "REF"}, {"shared_call_trunks": ("PJSIP/branch",)}], ids=["variable", "trunks"]
)
def test_a_shared_call_needs_its_variable_and_its_trunks(half: dict[str, Any]) -> None:
    """With one alone no call would ever be joined, or its legs be taken for parties."""
    with pytest.raises(ValidationError, match="shared_call_variable and shared_call_trunks need each other"):
        section(**half)


def test_the_shared_variable_is_followed_besides_those_named() -> None:
    """Once, even where it is named as well."""
    shared = {"shared_call_variable": "REF", "shared_call_trunks": ("PJSIP/branch",)}
    assert ("IVR", "REF") == section(variables=("IVR", "REF"), **shared).followed_variables
    assert ("IVR", "REF") == section(variables=("IVR",), **shared).followed_variables
    assert () == section().followed_variables


def test_agents_do_not_dial_the_hubs_part_of_the_dialplan() -> None:
    """There one is listened in on and picked up."""
    with pytest.raises(ValidationError, match="context and hub_context must differ"):
        ControlSection(context="ctihub")
