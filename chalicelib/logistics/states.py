"""How a shipment may move, and no other way."""

from chalicelib.core.errors import ShopError

PLANNED, PACKED, DISPATCHED, IN_TRANSIT = "planned", "packed", "dispatched", "in_transit"
DELIVERED, FAILED, RETURNED, CANCELED = "delivered", "failed", "returned", "canceled"

_MOVES = {
    PLANNED: {PACKED, CANCELED},
    PACKED: {DISPATCHED, CANCELED},
    DISPATCHED: {IN_TRANSIT, DELIVERED, FAILED, RETURNED},
    IN_TRANSIT: {DELIVERED, FAILED, RETURNED},
    FAILED: {RETURNED},
}
# Shipments that have left the house and can not be called back by canceling the order.
GONE = frozenset({DISPATCHED, IN_TRANSIT, DELIVERED, FAILED, RETURNED})


def check_move(present: str, wanted: str) -> None:
    """409 unless a shipment in state `present` may become `wanted`."""
    if wanted not in _MOVES.get(present, ()):
        raise ShopError("wrong_state", 409, f"A shipment that is {present} can not become {wanted}.")
