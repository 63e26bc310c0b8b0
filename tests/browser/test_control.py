"""What an agent does to a call from the page, and what the page says when it can't be done."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from hub.domain.agent import AgentState
from hub.domain.call import (
    Call,
    Connection,
    ConnectionState,
    Monitoring,
    RecordingState,
    Role,
    Transfer,
    TransferKind,
)
from hub.domain.control import (
    Answer,
    Command,
    CompleteTransfer,
    Conference,
    Consult,
    Dial,
    HangUp,
    Hold,
    Mute,
    Park,
    PauseRecording,
    PickUp,
    Reconnect,
    Refusal,
    ResumeRecording,
    Retrieve,
    SendDigits,
    StartRecording,
    StopRecording,
    Unmute,
)
from hub.domain.control import Transfer as TransferCommand
from tests.browser import callers
from tests.browser.world import World
from tests.waiting import eventually

ID = "main-1"
MARKUP = '<img src=x onerror="alert(1)">'


async def talking(world: World, page: Page, **fields: Any) -> Call:
    call = callers.call(**fields)
    world.ring(call, callers.known())
    call = world.answer(call)
    await expect(page.get_by_test_id("pop-state")).to_contain_text("On call")
    return call


async def given(world: World, *commands: Command) -> None:
    """Wait until the hub was given these commands, in this order, and no others."""
    await eventually(lambda: len(world.asked()) >= len(commands))
    assert list(commands) == world.asked()


def part(call: Call, **fields: Any) -> Call:
    """Return the call with the agent's own connection changed."""
    return msgspec.structs.replace(
        call, connections=tuple(msgspec.structs.replace(one, **fields) for one in call.connections)
    )


async def test_a_ringing_call_is_answered_or_rejected(desk: Page, world: World) -> None:
    """Both are one click; the pop rings on until the hub says otherwise."""
    world.ring(callers.call(), callers.known())
    await desk.get_by_test_id("do-answer").click()
    await given(world, Answer(id="-", call_id=ID))
    await expect(desk.get_by_test_id("pop-state")).to_have_attribute("data-state", "ringing")
    await desk.get_by_test_id("do-reject").click()
    await given(world, Answer(id="-", call_id=ID), HangUp(id="-", call_id=ID))
    await expect(desk.get_by_test_id("do-hold")).to_have_count(0)


async def test_every_command_has_an_id_of_its_own(desk: Page, world: World) -> None:
    """The hub can tell a repeated command from a new one."""
    await talking(world, desk)
    for _ in range(2):
        await desk.get_by_test_id("do-hold").click()
    await eventually(lambda: len(world.control.executed) == 2)
    assert 2 == len({command.id for command, _ in world.control.executed})


async def test_a_refusal_is_told_in_plain_words_near_the_control(desk: Page, world: World) -> None:
    """What the hub says stands below the buttons until it is closed, Esc does that too."""
    world.control.refusal = Refusal.PBX_REFUSED
    world.ring(callers.call(), callers.known())
    await desk.get_by_test_id("do-answer").click()
    trouble = desk.get_by_test_id("call-trouble")
    await expect(trouble).to_contain_text("This can't be done now.")
    await desk.keyboard.press("Escape")
    await expect(trouble).to_have_count(0)


async def test_a_hub_that_went_away_is_told(desk: Page, world: World) -> None:
    """A command that reaches nobody, twice, says so."""
    await talking(world, desk)
    await desk.route("**/api/v1/commands", lambda route: route.abort())
    await desk.get_by_test_id("do-hold").click()
    await expect(desk.get_by_test_id("call-trouble")).to_contain_text("can't be reached")


async def test_hold_and_mute_show_what_is_so(desk: Page, world: World) -> None:
    """Each button turns into its opposite when the hub tells that it happened."""
    call = await talking(world, desk)
    await desk.get_by_test_id("do-mute").click()
    call = world.change(part(call, is_muted=True))
    await expect(desk.locator('[data-fact="muted"]')).to_be_visible()
    await expect(desk.get_by_test_id("do-unmute")).to_be_focused()
    await desk.get_by_test_id("do-unmute").click()
    await desk.get_by_test_id("do-hold").click()
    world.hold(call)
    await desk.get_by_test_id("do-retrieve").click()
    await given(
        world,
        Mute(id="-", call_id=ID),
        Unmute(id="-", call_id=ID),
        Hold(id="-", call_id=ID),
        Retrieve(id="-", call_id=ID),
    )


async def test_recording_is_started_paused_and_stopped(desk: Page, world: World) -> None:
    """The buttons follow the recording's state, and so does the red sign."""
    call = await talking(world, desk)
    await desk.get_by_test_id("do-record").click()
    call = world.change(call, recording=RecordingState.ON)
    await expect(desk.locator('[data-fact="recording"]')).to_have_text("Recording")
    await desk.get_by_test_id("do-record-pause").click()
    call = world.change(call, recording=RecordingState.PAUSED)
    await expect(desk.locator('[data-fact="recording"]')).to_have_count(0)
    await desk.get_by_test_id("do-record-resume").click()
    world.change(call, recording=RecordingState.ON)
    await desk.get_by_test_id("do-record-stop").click()
    kinds = (StartRecording, PauseRecording, ResumeRecording, StopRecording)
    await given(world, *(kind(id="-", call_id=ID) for kind in kinds))


async def test_a_call_is_handed_to_a_colleague_after_asking(desk: Page, world: World) -> None:
    """Colleagues stand there with their state, the free ones first; then complete, conference or back."""
    world.agent(AgentState.BUSY, "wei", "李伟")
    world.agent(AgentState.READY, "bob", "Bob Krause")
    call = await talking(world, desk)
    await desk.get_by_test_id("do-transfer").click()
    colleagues = desk.get_by_test_id("colleague")
    await expect(colleagues).to_have_count(2)
    await expect(colleagues.first).to_contain_text("Bob Krause")
    await expect(colleagues.first).to_contain_text("Ready")
    await colleagues.first.click()
    await desk.get_by_test_id("to-consult").click()
    await given(world, Consult(id="-", call_id=ID, to="1002"))
    await expect(desk.get_by_test_id("transfer")).to_have_count(0)
    call = world.hold(call)
    asked = Connection(
        id="bob", device="PJSIP/1002", role=Role.CALLED, state=ConnectionState.ALERTING, since=callers.ago(0),
        agent="bob", alerted_at=callers.ago(-0.1),
    )  # fmt: skip
    held = part(call, held_at=callers.ago(0.1))
    world.change(held, connections=(asked, *held.connections))
    for key in ("complete", "conference", "reconnect"):
        await desk.get_by_test_id(f"do-{key}").click()
        await expect(desk.get_by_test_id(f"do-{key}")).to_be_enabled()
    await given(
        world,
        Consult(id="-", call_id=ID, to="1002"),
        CompleteTransfer(id="-", call_id=ID),
        Conference(id="-", call_id=ID),
        Reconnect(id="-", call_id=ID),
    )


async def test_a_call_is_handed_on_by_keyboard(desk: Page, world: World) -> None:
    """A number typed, Tab to the button, Enter; Esc closes the panel and goes back to where it was opened."""
    await talking(world, desk)
    await desk.get_by_test_id("do-transfer").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("transfer-to")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_test_id("do-transfer")).to_be_focused()
    await desk.keyboard.press("Enter")
    await desk.keyboard.type("+49 711 5500")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("Enter")
    await given(world, TransferCommand(id="-", call_id=ID, to="+49 711 5500"))


async def test_digits_arrive_in_order(desk: Page, world: World) -> None:
    """However fast they are typed or clicked, the hub gets each once and in order."""
    await talking(world, desk)
    await desk.get_by_test_id("do-keypad").click()
    await desk.get_by_test_id("keypad").wait_for()
    await desk.keyboard.type("12*34#")
    await desk.get_by_test_id("key-0").click()
    await expect(desk.get_by_test_id("digits-sent")).to_have_text("12*34#0")
    digits = [command.digits for command in world.asked() if isinstance(command, SendDigits)]
    assert "12*34#0" == "".join(digits)


async def test_a_parked_call_can_be_taken_back(desk: Page, world: World) -> None:
    """Where it is parked stays on the page after the call has left it, until the agent has the call again."""
    call = await talking(world, desk)
    world.control.value = "default/701"
    await desk.get_by_test_id("do-park").click()
    await expect(desk.get_by_test_id("parked")).to_contain_text("default/701")
    world.end(call)
    await expect(desk.get_by_test_id("pop")).to_have_count(0)
    await desk.get_by_test_id("pick-up").click()
    await given(world, Park(id="-", call_id=ID), PickUp(id="-", call_id=ID))
    world.ring(call)
    await expect(desk.get_by_test_id("parked")).to_have_count(0)


async def test_numbers_on_the_page_are_dialled_with_a_click(desk: Page, world: World) -> None:
    """The customer's phones, and any number in the field; a name that a backend calls a phone is no button."""
    world.ring(callers.call(), callers.known())
    await desk.get_by_test_id("details").get_by_test_id("click-to-dial").first.click()
    await desk.get_by_test_id("dial-number").fill("0711 4567")
    await desk.keyboard.press("Enter")
    await given(world, Dial(id="-", to="+49 711 58012345"), Dial(id="-", to="0711 4567"))
    await expect(desk.get_by_test_id("dial-number")).to_have_value("")


@pytest.mark.parametrize("text", ["", "  ", "1;DROP", "a@b", "<b>1</b>"])
async def test_what_is_no_number_is_not_dialled(desk: Page, world: World, text: str) -> None:
    """The button stays off, and Enter gives nothing."""
    await desk.get_by_test_id("dial-number").fill(text)
    await expect(desk.get_by_test_id("dial")).to_be_disabled()
    await desk.keyboard.press("Enter")
    assert [] == world.asked()


async def test_the_call_tells_where_it_comes_from(desk: Page, world: World) -> None:
    """Queue and wait, what was chosen in the IVR, who handed it over and who else is in it."""
    world.agent(AgentState.BUSY, "bob", "Bob Krause")
    handed = Transfer(
        kind=TransferKind.ATTENDED, time=callers.ago(3), by_device="PJSIP/1002", by_agent="bob", to="1001"
    )
    world.ring(callers.call(variables={"IVR_CHOICE": "Delivery"}, transfers=(handed,)), callers.known())
    facts = desk.get_by_test_id("facts")
    await expect(facts).to_contain_text("Handed over by Bob Krause")
    await expect(facts).to_contain_text("IVR_CHOICE")
    await expect(facts).to_contain_text("Delivery")
    await expect(desk.get_by_test_id("pop-queue")).to_contain_text("Support")


async def test_a_listener_sees_only_how_to_stop(desk: Page, world: World) -> None:
    """A supervisor in somebody's call is told how they take part, and offered nothing that would disturb it."""
    call = callers.call(state=ConnectionState.CONNECTED)
    world.ring(part(call, role=Role.OBSERVER, monitoring=Monitoring.WHISPER), callers.known())
    await expect(desk.get_by_test_id("facts")).to_contain_text("You whisper to the agent")
    await expect(desk.get_by_test_id("call-bar").get_by_role("button")).to_have_text(["Stop listening"])


async def test_hostile_variables_and_refusals_are_text(desk: Page, world: World) -> None:
    """Markup in a variable, in a parking place and in a colleague's name is read as it is written."""
    world.agent(AgentState.READY, "bob", MARKUP)
    call = await talking(world, desk, variables={"NOTE": MARKUP, "LONG": "W" * 3000})
    await expect(desk.get_by_test_id("facts")).to_contain_text(MARKUP)
    await desk.get_by_test_id("do-transfer").click()
    await expect(desk.get_by_test_id("colleague")).to_contain_text(MARKUP)
    world.control.value = MARKUP
    await desk.get_by_test_id("do-park").click()
    await expect(desk.get_by_test_id("parked")).to_contain_text(MARKUP)
    assert 0 == await desk.locator("ctihub-desk img[src=x]").count()
    world.end(call)


@pytest.mark.parametrize("width", [360, 640, 1280])
async def test_the_controls_fit_the_window(desk: Page, world: World, width: int) -> None:
    """From 360 pixels up, which is 1280 at 355 %, every button is inside the window and wide enough for a finger."""
    await desk.set_viewport_size({"width": width, "height": 720})
    world.agent(AgentState.READY, "bob", "Bob Krause")
    call = await talking(world, desk, variables={"IVR_CHOICE": "Delivery"})
    world.change(call, recording=RecordingState.ON)
    await desk.get_by_test_id("do-transfer").click()
    assert width >= await desk.evaluate("document.documentElement.scrollWidth")
    buttons = desk.get_by_test_id("call-bar").get_by_role("button")
    assert 8 == await buttons.count()
    for button in await buttons.all():
        box = await button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert 24 <= min(box["width"], box["height"])
