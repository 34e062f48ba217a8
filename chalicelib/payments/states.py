"""How a payment attempt may move, and no other way."""

CREATED, REQUIRES_ACTION, PROCESSING = "created", "requires_action", "processing"
AUTHORIZED, CAPTURED, FAILED, CANCELED = "authorized", "captured", "failed", "canceled"

_UNSETTLED = {CREATED, REQUIRES_ACTION, PROCESSING, AUTHORIZED}
_MOVES = {
    CREATED: {REQUIRES_ACTION, PROCESSING, AUTHORIZED, CAPTURED, FAILED, CANCELED},
    # The bank refused at last: the customer may try another card, and be at its bank's page already.
    REQUIRES_ACTION: {CREATED, PROCESSING, AUTHORIZED, CAPTURED, FAILED, CANCELED},
    PROCESSING: {CREATED, REQUIRES_ACTION, AUTHORIZED, CAPTURED, FAILED, CANCELED},
    AUTHORIZED: {CAPTURED, FAILED, CANCELED},
}


def may_move(present: str, wanted: str) -> bool:
    return wanted in _MOVES.get(present, ())


def is_unpaid(present: str) -> bool:
    """Whether an attempt in this state still waits for the customer, or for the bank's answer."""
    return present in (CREATED, REQUIRES_ACTION, PROCESSING)


def is_open(present: str) -> bool:
    """Whether money may still come, or be asked for, through an attempt in this state."""
    return present in _UNSETTLED


def is_dead(present: str) -> bool:
    """Whether no money came through an attempt in this state, nor ever will."""
    return present in (FAILED, CANCELED)
