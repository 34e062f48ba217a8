"""How an order may move, and what its parts say about the whole."""

from collections.abc import Iterable

from chalicelib.core.errors import ShopError

PENDING_PAYMENT, CONFIRMED, COMPLETED = "pending_payment", "confirmed", "completed"
EXPIRED, CANCELED = "expired", "canceled"

_MOVES = {
    PENDING_PAYMENT: {CONFIRMED, EXPIRED, CANCELED},
    CONFIRMED: {COMPLETED, CANCELED},
}
# Orders that will not be sent.
OFF = frozenset({EXPIRED, CANCELED})
# Orders that move no more.
OVER = frozenset({COMPLETED, *OFF})
# States of a parcel that never left the house.
IN_THE_HOUSE = frozenset({"planned", "packed", CANCELED})


def check_move(present: str, wanted: str) -> None:
    """409 unless an order in state `present` may become `wanted`."""
    if wanted not in _MOVES.get(present, ()):
        raise ShopError("wrong_state", 409, f"An order that is {present} can not become {wanted}.")


def payment_status(total: int, authorized: int, captured: int, refunded: int, disputed: int = 0) -> str:
    """From sums in minor units, never from the order in which events came."""
    if disputed:
        return "disputed"
    if refunded:
        return "refunded" if refunded >= captured else "partially_refunded"
    if captured:
        return "paid" if captured >= total else "partially_paid"
    if total == 0:
        return "paid"
    if authorized >= total:
        return "authorized"
    return "partially_authorized" if authorized else "unpaid"


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
