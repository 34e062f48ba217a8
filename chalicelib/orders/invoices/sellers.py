"""Who sells, as invoices say it: what staff decide once. As long as nobody did, no invoice is written."""

from chalicelib.core import audit, dynamo
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.staff import Staff
from chalicelib.orders.invoices import invoice_tables
from chalicelib.orders.invoices.invoice_content import Seller
from chalicelib.orders.invoices.invoice_tables import KeptSeller


def find() -> Seller:
    """404 if nobody said it yet."""
    found = invoice_tables.kept_seller()
    if found is None:
        raise not_found("seller")
    return found


def put(seller: Seller, by: Staff) -> Seller:
    """Say it anew, as a whole. The same again changes nothing.

    409 `prefix_is_fixed`: with another prefix a number could be given out twice.
    """
    if seller.invoice_prefix == seller.credit_note_prefix:
        raise invalid("/credit_note_prefix", "Invoices have this prefix already.")
    if invoice_tables.kept_seller() == seller:
        return seller
    same = (KeptSeller.invoice_prefix == seller.invoice_prefix) & (
        KeptSeller.credit_note_prefix == seller.credit_note_prefix
    )
    kept = KeptSeller(
        **invoice_tables.seller_key(),
        seller=seller,
        invoice_prefix=seller.invoice_prefix,
        credit_note_prefix=seller.credit_note_prefix,
    )
    fixed = ShopError("prefix_is_fixed", 409, "The prefixes of numbers stay as they are.", pointer="/invoice_prefix")
    dynamo.transaction(
        [dynamo.put(kept, KeptSeller.pk.does_not_exist() | same, fixed), audit.entry(by, "seller.put", "seller")]
    )
    return seller
