"""What staff decide once for all orders: the policy, who sells, taxes, terms of sale."""

from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.orders import policy
from chalicelib.orders.cart import cart_schemas
from chalicelib.orders.invoices import sellers
from chalicelib.orders.invoices.invoice_content import Seller
from chalicelib.orders.policy_tables import OrderPolicy
from chalicelib.orders.sale import sale_schemas, sale_terms
from chalicelib.orders.sale.sale_terms import SaleTerms
from chalicelib.orders.taxes import tax_schemas, tax_settings

routes = StaffRoutes(__name__)


@routes.get("/admin/order-policy", permission=Permission.SETTINGS_READ)
def show_order_policy() -> OrderPolicy:
    """What the shop decided for all orders."""
    return policy.current()


@routes.put("/admin/order-policy", permission=Permission.SETTINGS_WRITE)
def put_order_policy(body: OrderPolicy, staff: Staff) -> OrderPolicy:
    """Decide it anew, as a whole. What is left out is as it comes."""
    return policy.put(body, staff)


@routes.get("/admin/seller", permission=Permission.SETTINGS_READ)
def show_seller() -> Seller:
    """Who sells, as invoices say it."""
    return sellers.find()


@routes.put("/admin/seller", permission=Permission.SETTINGS_WRITE)
def put_seller(body: Seller, staff: Staff) -> Seller:
    """Say who sells. From then on what is sent is invoiced; the prefixes of numbers stay as they are."""
    return sellers.put(body, staff)


@routes.get("/admin/tax-settings", permission=Permission.SETTINGS_READ)
def show_tax_settings() -> tax_schemas.VersionedTaxSettings:
    """How the shop's sales are taxed."""
    return tax_schemas.view(*tax_settings.current())


@routes.put("/admin/tax-settings", permission=Permission.SETTINGS_WRITE)
def put_tax_settings(body: tax_schemas.VersionedTaxSettings, staff: Staff) -> tax_schemas.VersionedTaxSettings:
    """Say it anew, as a whole. 409 `tax_settings_changed` if `version` is not the one that holds now."""
    return tax_schemas.view(*tax_settings.put(tax_schemas.settings(body), body.version, staff))


@routes.get("/admin/sale-terms", permission=Permission.SETTINGS_READ)
def list_sale_terms() -> sale_schemas.AllSaleTerms:
    """The SKUs that are sold on terms of their own."""
    return sale_schemas.every(sale_terms.current())


@routes.get("/admin/sale-terms/{sku}", permission=Permission.SETTINGS_READ)
def show_sale_terms(sku: str) -> SaleTerms:
    """On what terms a SKU is sold that has some of its own."""
    return sale_terms.find(sku)


@routes.put("/admin/sale-terms/{sku}", permission=Permission.SETTINGS_WRITE)
def put_sale_terms(sku: cart_schemas.Sku, body: SaleTerms, staff: Staff) -> SaleTerms:
    """From when to when a SKU is sold, how many to each customer, and how many before they are there."""
    return sale_terms.put(sku, body, staff)


@routes.delete("/admin/sale-terms/{sku}", permission=Permission.SETTINGS_WRITE)
def delete_sale_terms(sku: str, staff: Staff) -> sale_schemas.AllSaleTerms:
    """Sell it as everything else; what was promised stays promised. The answer are the terms that are left."""
    sale_terms.delete(sku, staff)
    return sale_schemas.every(sale_terms.current())
