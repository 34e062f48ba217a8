"""What staff see of the terms on which SKUs are sold."""

import msgspec

from chalicelib.orders.sale.sale_tables import SaleTerms


class SkuTerms(msgspec.Struct, frozen=True):
    sku: str
    terms: SaleTerms


class AllSaleTerms(msgspec.Struct, frozen=True):
    data: list[SkuTerms]
    next_cursor: str | None


def every(terms: dict[str, SaleTerms]) -> AllSaleTerms:
    return AllSaleTerms([SkuTerms(sku, each) for sku, each in sorted(terms.items())], None)
