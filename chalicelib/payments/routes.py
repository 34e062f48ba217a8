"""How to pay, how a payment stands, and what providers have to say."""

from chalicelib.core.web import Routes, Visitor, Webhook
from chalicelib.payments import (
    credit_schemas,
    gift_cards,
    offering,
    provider,
    schemas,
    service,
    settlement,
    stripe_gateway,
    webhooks,
)

routes = Routes(__name__)


@routes.get("/payment-methods", cache="public, max-age=60")
def list_payment_methods(query: schemas.MethodsWanted) -> schemas.PaymentMethods:
    """The ways to pay that this shop offers to everybody; of an order that comes to so much, and goes to that country.

    Customers in groups may be offered more: a cart knows."""
    return schemas.offered(offering.offered(schemas.asking(query)))


@routes.get("/payments/{payment_id}", me="/me/payments/{payment_id}")
def show_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """A payment of one's order."""
    return schemas.payment(service.of_visitor(payment_id, buyer))


@routes.post("/payments/{payment_id}/refresh", me="/me/payments/{payment_id}/refresh")
def refresh_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """Look at the provider now. For a client whose customer has just paid and who will not wait for the webhook."""
    service.of_visitor(payment_id, buyer)
    return schemas.payment(settlement.refresh(payment_id))


@routes.post("/payments/{payment_id}/cancel", me="/me/payments/{payment_id}/cancel")
def cancel_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """Do not pay in this way. The order waits for another payment (POST to its payments) until its time is over.

    409 `payment_in_progress` if money is on its way or there already."""
    service.of_visitor(payment_id, buyer)
    return schemas.payment(settlement.abandon(payment_id))


@routes.post("/gift-cards/balance")
def show_gift_card_balance(body: credit_schemas.GiftCardCode) -> credit_schemas.GiftCardBalance:
    """What is left on a gift card, for whoever has its code. 404 if there is none, or none any more."""
    return credit_schemas.balance(gift_cards.of_code(body.code))


@routes.post("/webhooks/stripe")
def take_stripe_webhook(webhook: Webhook) -> schemas.Received:
    """What Stripe has to say, signed. It is put into the queue as it comes; a consumer asks Stripe how things stand.

    What the shop does not understand is kept for staff to look at. Anything but a 2xx has Stripe send it again.
    """
    try:
        webhooks.take(stripe_gateway.read_webhook(webhook.raw, webhook.header("Stripe-Signature")))
    except provider.Unavailable:
        raise provider.no_answer() from None
    return schemas.Received(received=True)
