"""How an order may move, and what its parts say about the whole."""

from collections.abc import Iterable

from chalicelib.core.errors import ShopError

PENDING_PAYMENT, CONFIRMED, COMPLETED = "pending_payment", "confirmed", "completed"
EXPIRED, CANCELED = "expired", "canceled"

_MOVES = {
    PENDING_PAYMENT: {CONFIRMED, EXPIRED, CANCELED},
    CONFIRMED: {COMPLETED, CANCELED},
}


def check_move(present: str, wanted: str) -> None:
    """409 unless an order in state `present` may become `wanted`."""
    if wanted not in _MOVES.get(present, ()):
        raise ShopError("wrong_state", 409, f"An order that is {present} can not become {wanted}.")


def payment_status(total: int, captured: int) -> str:
    """From sums in minor units, never from the order in which events came."""
    if captured >= total:
        return "paid"
    return "partially_paid" if captured else "unpaid"


def fulfillment_status(ordered: int, shipments: Iterable[tuple[str, int]]) -> str:
    """From pieces: `ordered` in all, and (state, pieces) of each shipment."""
    pieces = list(shipments)
    delivered = sum(quantity for state, quantity in pieces if state == "delivered")
    sent = sum(quantity for state, quantity in pieces if state in ("dispatched", "in_transit", "delivered"))
    if delivered >= ordered:
        return "delivered"
    if sent:
        return "dispatched" if sent >= ordered else "partially_dispatched"
    return "unfulfilled"
