"""Request and reply over the in-memory rooms."""

from __future__ import annotations

from hub.bus.rpc_dispatcher import Dispatcher, RpcObserver
from hub.bus.rpc_methods import Methods
from hub.config.privacy import PrivacySection
from hub.privacy.visibility import PrivacyVisibility
from tests.unit.desk.accesses import Accesses
from tests.unit.desk.customers import Customers
from tests.unit.desk.ports import Calls, Control, Directory, Finder


def answering(
    *,
    finder: Finder,
    control: Control,
    directory: Directory,
    calls: Calls,
    on_request: RpcObserver | None = None,
    privacy: PrivacySection | None = None,
    accesses: Accesses | None = None,
    known: Customers | None = None,
) -> Dispatcher:
    """Return what answers requests from these."""
    methods = Methods(
        customers=finder,
        known=known or Customers(),
        control=control,
        directory=directory,
        live=calls,
        region="DE",
        visibility=PrivacyVisibility(privacy or PrivacySection()),
        accesses=accesses or Accesses(),
    )
    return Dispatcher(methods, on_request=on_request)
