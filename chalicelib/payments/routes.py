"""How to pay, how a payment stands, and what providers have to say."""

import msgspec

from chalicelib.core import log, sqs
from chalicelib.core.settings import settings
from chalicelib.core.web import Routes, Visitor, Webhook
from chalicelib.payments import schemas, service, settlement, stripe_gateway

routes = Routes(__name__)


@routes.get("/payment-methods", cache="public, max-age=60")
def list_payment_methods() -> schemas.PaymentMethods:
    """The ways to pay that this shop offers."""
    return schemas.PaymentMethods([schemas.PaymentMethodView(m.id, m.name) for m in service.offered()], None)


@routes.get("/payments/{payment_id}", me="/me/payments/{payment_id}")
def show_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """A payment of one's order."""
    return schemas.payment(service.of_visitor(payment_id, buyer))


@routes.post("/payments/{payment_id}/refresh", me="/me/payments/{payment_id}/refresh")
def refresh_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """Look at the provider now. For a client whose customer has just paid and who will not wait for the webhook."""
    service.of_visitor(payment_id, buyer)
    return schemas.payment(settlement.refresh(payment_id))


@routes.post("/webhooks/stripe")
def take_stripe_webhook(webhook: Webhook) -> schemas.Received:
    """What Stripe has to say, signed. It is put into the queue as it comes; a consumer asks Stripe how things stand."""
    try:
        notice = stripe_gateway.read_webhook(webhook.raw, webhook.header("Stripe-Signature"))
    except stripe_gateway.Unavailable:
        raise service.provider_unavailable() from None
    if notice.payment_id is None and notice.refund_id is None:
        log.write("webhook_ignored", type=notice.type)
    else:
        sqs.send(settings.webhook_queue_url, msgspec.json.encode(notice).decode())
    return schemas.Received(received=True)
