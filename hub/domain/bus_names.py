"""What is called how at the broker; integrators build on these names."""

from __future__ import annotations

from typing import Final

EVENTS_EXCHANGE: Final = "ctihub.events"
INBOUND_PREFIX: Final = "ctihub.inbound."
DEAD_QUEUE: Final = "ctihub.dead"
RPC_QUEUE: Final = "ctihub.rpc"
