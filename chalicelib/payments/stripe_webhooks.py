"""What Stripe's events mean to this shop, by their types (docs.stripe.com/api/events/types)."""

# The object of these is a PaymentIntent, a refund or a dispute; if it is one of ours, it is looked at.
_LOOKED_AT = ("payment_intent.", "refund.", "charge.dispute.")

_COMES_WITH_INTENT = "Stripe tells of the charge's PaymentIntent at the same time"
# What the shop needs not hear, and why.
NEEDS_NOTHING = {
    "payment_intent.created": "whoever made it has its answer; where that was lost the sweep asks for it",
    "charge.succeeded": _COMES_WITH_INTENT,
    "charge.pending": _COMES_WITH_INTENT,
    "charge.failed": _COMES_WITH_INTENT,
    "charge.captured": _COMES_WITH_INTENT,
    "charge.expired": _COMES_WITH_INTENT,
    "charge.updated": "the fee of a charge is known now; the reconciliation reads it",
    "charge.refunded": "refund.created says of which refund",
    "charge.refund.updated": "refund.updated says the same",
    "customer.created": "whoever registered the customer has the answer",
    "payment_method.attached": "what a customer has saved is asked for when they want to see it",
    "payment_method.detached": "likewise",
    "setup_intent.created": "likewise",
    "setup_intent.succeeded": "likewise",
    "balance.available": "money may be paid out; the shop keeps no balance",
}


def is_understood(type: str) -> bool:
    """Whether the shop does something when it hears of this, or knows that nothing is to be done."""
    return type in NEEDS_NOTHING or type.startswith(_LOOKED_AT)
