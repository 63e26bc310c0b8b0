"""A call that the customer asked for: who that is, is known from the site as well as by the number."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.config.model import ContextSection
from hub.context.service import ContextService
from hub.domain.call import Call, Direction
from hub.domain.callback import Callback, CallbackState
from hub.domain.customer import CustomerRecord, Name
from hub.domain.interaction import CustomerRef
from hub.domain.phone import parse_number
from tests.unit.context.backends import Backend
from tests.waiting import eventually

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
NUMBER = "+493515550123"
CALLBACK = Callback(
    id="one",
    site="shop",
    phone=NUMBER,
    customer=CustomerRef(ids={"webshop": "4711"}),
    requested_at=NOW,
    at=NOW,
    state=CallbackState.CALLING,
    page="Washer W1",
)
PETRA = CustomerRecord(system="webshop", id="4711", name=Name(full="Petra Vogt"))


def call(call_id: str, called: str = "") -> Call:
    """Return the hub's own call, while the agent's phone rings: the number may not be known yet."""
    number = parse_number(called, "DE")
    return Call(id=call_id, pbx="main", direction=Direction.OUTBOUND, started_at=NOW, called=number)


async def test_the_context_of_a_callback() -> None:
    """It has the callback from the first, and is asked for by number and by the id that the site vouches for."""
    shop, sap = Backend("webshop", [PETRA], keys=("id",)), Backend("sap")
    service = ContextService(
        [shop, sap], ContextSection(), callback_of=lambda one: CALLBACK if one.id == "main-callback" else None
    )
    service.begin(call("main-callback"))
    begun = service.current("main-callback")
    assert begun is not None
    assert (CALLBACK, NUMBER) == (begun.callback, begun.phone.e164)
    await eventually(lambda: (now := service.current("main-callback")) is not None and now.complete)
    assert [(NUMBER, {"webshop": "4711"})] * 2 == [(query.phone.e164, query.ids) for query in (*shop.asked, *sap.asked)]
    known = service.current("main-callback")
    assert known is not None
    assert (["Petra Vogt"], CALLBACK) == ([one.display_name for one in known.customers], known.callback)
    # The number that the PBX tells later is the same: nothing begins anew.
    service.begin(call("main-callback", NUMBER))
    assert (1, known) == (len(shop.asked), service.current("main-callback"))
    await service.close()


async def test_any_other_call() -> None:
    """A call that nobody asked for has no callback, and is asked for by its number alone."""
    shop = Backend("webshop", [PETRA], keys=("id",))
    service = ContextService([shop], ContextSection(), callback_of=lambda _call: None)
    service.begin(call("main-1", NUMBER))
    context = service.current("main-1")
    assert context is not None
    assert (None, []) == (context.callback, shop.asked)
    await service.close()
