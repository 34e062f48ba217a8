"""How a dispute may move, and when the disputed money is the shop's."""

# A bank first asks (an inquiry, which takes no money), or takes the money at once.
INQUIRY, INQUIRY_UNDER_REVIEW, CLOSED = "inquiry", "inquiry_under_review", "closed"
OPENED, UNDER_REVIEW, WON, LOST = "opened", "under_review", "won", "lost"

_DISPUTED = {OPENED, UNDER_REVIEW, WON, LOST}
_MOVES: dict[str | None, set[str]] = {
    None: {INQUIRY, INQUIRY_UNDER_REVIEW, CLOSED, *_DISPUTED},
    INQUIRY: {INQUIRY_UNDER_REVIEW, CLOSED, *_DISPUTED},
    INQUIRY_UNDER_REVIEW: {CLOSED, *_DISPUTED},
    # A bank that seemed to be content may still take the money.
    CLOSED: _DISPUTED,
    OPENED: {UNDER_REVIEW, WON, LOST},
    UNDER_REVIEW: {WON, LOST},
    # Final, but for an appeal of either side: then the money moves once more.
    WON: {LOST},
    LOST: {WON},
}


def may_move(present: str | None, wanted: str) -> bool:
    """`present` is None while nothing is known of a dispute."""
    return wanted in _MOVES.get(present, ())


def is_taken(state: str | None) -> bool:
    """Whether the bank has the money."""
    return state in (OPENED, UNDER_REVIEW, LOST)


def is_open(state: str | None) -> bool:
    """Whether something is still to be decided."""
    return state in (INQUIRY, INQUIRY_UNDER_REVIEW, OPENED, UNDER_REVIEW)


def is_inquiry(state: str) -> bool:
    """Whether a bank only asks, or has asked and was content: it has taken no money."""
    return state in (INQUIRY, INQUIRY_UNDER_REVIEW, CLOSED)


def needs_answer(state: str) -> bool:
    """Whether the shop may say something to it, until it is due."""
    return state in (INQUIRY, OPENED)
