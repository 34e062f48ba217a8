"""What only a customer has of payments."""

from chalicelib.core.paging import Page
from chalicelib.core.web import Customer, CustomerRoutes
from chalicelib.payments import credit_schemas, store_credit

routes = CustomerRoutes(__name__)


@routes.get("/me/store-credit")
def show_my_store_credit(customer: Customer, query: Page) -> credit_schemas.MyStoreCredit:
    """What the shop owes the customer, and how that came about."""
    movements = store_credit.journal(customer.id, query.limit, credit_schemas.position(query))
    return credit_schemas.my_store_credit(store_credit.of_customer(customer.id), *movements)
