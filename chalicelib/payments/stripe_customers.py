"""Customers at Stripe and the cards that they saved there. Card numbers never come near the shop."""

from typing import Any

from chalicelib.payments import methods, stripe_gateway
from chalicelib.payments.provider import SavedMethod

_MOST = 100


def register(customer_id: str, instead_of: str | None) -> str:
    """A Customer of Stripe's that knows no more of anybody than our id."""
    wanted: Any = {"metadata": {"customer_id": customer_id}}
    key: Any = {"idempotency_key": "/".join(["customer", customer_id, *([instead_of] if instead_of else [])])}
    return str(stripe_gateway.ask(lambda client: client.v1.customers.create(wanted, key)).id)


def begin_saving(customer_ref: str, key: str) -> str:
    """A SetupIntent's secret. The customer is there when the card is used: `on_session`."""
    wanted: Any = {"customer": customer_ref, "usage": "on_session", "payment_method_types": [methods.CARD.id]}
    made = stripe_gateway.ask(lambda client: client.v1.setup_intents.create(wanted, {"idempotency_key": key}))
    return str(made.client_secret)


def saved(customer_ref: str) -> list[SavedMethod]:
    wanted: Any = {"customer": customer_ref, "type": methods.CARD.id, "limit": _MOST}
    listed = stripe_gateway.ask(lambda client: client.v1.payment_methods.list(wanted))
    return [_saved(found) for found in listed.data]


def forget(method_id: str) -> None:
    stripe_gateway.ask(lambda client: client.v1.payment_methods.detach(method_id))


def _saved(found: Any) -> SavedMethod:
    card: Any = found.card
    return SavedMethod(
        id=found.id,
        method=str(found.type),
        brand=getattr(card, "brand", None),
        last4=getattr(card, "last4", None),
        expires_month=getattr(card, "exp_month", None),
        expires_year=getattr(card, "exp_year", None),
    )
