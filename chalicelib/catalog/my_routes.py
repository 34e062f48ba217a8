"""What is a customer's own in the catalogue, and so never cached."""

from chalicelib.catalog import own_prices, price_schemas
from chalicelib.core.errors import invalid
from chalicelib.core.web import Customer, CustomerRoutes

routes = CustomerRoutes(__name__)


@routes.get("/me/prices")
def show_my_prices(customer: Customer, query: price_schemas.AskPrices) -> price_schemas.OwnPrices:
    """What the customer pays, beside what everybody pays: for variants by `sku`, and from what on for products by
    `product`. Both may be repeated. What is not published is left out."""
    if not (query.sku or query.product):
        raise invalid("/query/sku", "Say which prices: sku=A&sku=B, or product=prd_...")
    return price_schemas.own(own_prices.look_up(customer.id, query.sku, query.product, query.currency))
