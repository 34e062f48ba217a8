"""The ways to pay that a customer has saved. Their cards are the provider's; the shop never sees a number."""

from chalicelib.core.idempotency import Once
from chalicelib.core.web import Customer, CustomerRoutes
from chalicelib.payments import saved_methods, saved_schemas

routes = CustomerRoutes(__name__)


@routes.get("/me/payment-methods")
def list_saved_methods(customer: Customer) -> saved_schemas.SavedMethods:
    """What one has saved, the newest first. 503 `provider_unavailable` if the provider does not answer."""
    return saved_schemas.saved(*saved_methods.of(customer.id))


@routes.post("/me/payment-methods", status=201)
def save_method(customer: Customer, once: Once) -> saved_schemas.SavingSession:
    """Begin to save a card: the browser gives it to the provider with the `client_secret`. It is in the list then."""
    return saved_schemas.SavingSession(saved_methods.begin(customer.id, once))


@routes.post("/me/payment-methods/{method_id}/default")
def choose_saved_method(method_id: str, customer: Customer) -> saved_schemas.SavedMethods:
    """Be asked with this one first. The answer is the list."""
    saved_methods.choose(customer.id, method_id)
    return saved_schemas.saved(*saved_methods.of(customer.id))


@routes.delete("/me/payment-methods/{method_id}")
def forget_saved_method(method_id: str, customer: Customer) -> saved_schemas.SavedMethods:
    """Forget one: nobody pays with it any more. The answer is what is left."""
    saved_methods.forget(customer.id, method_id)
    return saved_schemas.saved(*saved_methods.of(customer.id))
