"""What only a customer has: ways to pay that they have saved, whose cards are the provider's, and store credit."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page
from chalicelib.core.web import Customer, CustomerRoutes
from chalicelib.payments import credit_schemas, saved_methods, saved_schemas, store_credit

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


@routes.get("/me/store-credit")
def show_my_store_credit(customer: Customer, query: Page) -> credit_schemas.MyStoreCredit:
    """What the shop owes the customer, and how that came about."""
    movements = store_credit.journal(customer.id, query.limit, credit_schemas.position(query))
    return credit_schemas.my_store_credit(store_credit.of_customer(customer.id), *movements)
