"""How to pay, and how a payment stands."""

from chalicelib.core.web import Routes, Visitor
from chalicelib.payments import methods, schemas, service

routes = Routes(__name__)


@routes.get("/payment-methods", cache="public, max-age=60")
def list_payment_methods() -> schemas.PaymentMethods:
    """The ways to pay that this shop offers."""
    return schemas.PaymentMethods([schemas.PaymentMethodView(m.id, m.name) for m in methods.METHODS.values()], None)


@routes.get("/payments/{payment_id}", me="/me/payments/{payment_id}")
def show_payment(payment_id: str, buyer: Visitor) -> schemas.PaymentView:
    """A payment of one's order."""
    return schemas.payment(service.of_visitor(payment_id, buyer))
