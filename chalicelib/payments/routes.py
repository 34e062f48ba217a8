"""How to pay, and how a payment stands."""

from chalicelib.core.web import Routes
from chalicelib.payments import methods, schemas, service

routes = Routes(__name__)


@routes.get("/payment-methods", cache="public, max-age=60")
def list_payment_methods() -> schemas.PaymentMethods:
    """The ways to pay that this shop offers."""
    return schemas.PaymentMethods([schemas.PaymentMethodView(m.id, m.name) for m in methods.METHODS.values()], None)


@routes.get("/payments/{payment_id}")
def show_payment(payment_id: str, order_token: str) -> schemas.PaymentView:
    """A payment of the guest's order."""
    return schemas.payment(service.of_guest(payment_id, order_token))
