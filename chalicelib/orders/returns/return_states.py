"""How a return may move, and no other way."""

from chalicelib.core.errors import ShopError

REQUESTED, APPROVED, REJECTED = "requested", "approved", "rejected"
RECEIVED, REFUNDED, CLOSED = "received", "refunded", "closed"

_MOVES = {
    REQUESTED: {APPROVED, REJECTED},
    APPROVED: {RECEIVED, CLOSED},
    RECEIVED: {REFUNDED, CLOSED},
}
# Returns that somebody still has to do something about.
OPEN = tuple(_MOVES)


def check_move(present: str, wanted: str) -> None:
    """409 unless a return in state `present` may become `wanted`."""
    if wanted not in _MOVES.get(present, ()):
        raise ShopError("wrong_state", 409, f"A return that is {present} can not become {wanted}.")
