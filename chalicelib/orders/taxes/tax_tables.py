"""How the shop's sales are taxed, kept in one item of the orders table.

| what         | pk       | sk  |
|--------------|----------|-----|
| tax settings | SETTINGS | TAX |
"""

from pynamodb.attributes import NumberAttribute

from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.orders.tables import OrdersItem
from chalicelib.orders.taxes.tax_zones import TaxSettings


class KeptTaxSettings(OrdersItem, discriminator="tax_settings"):
    version = NumberAttribute()
    settings = JsonAttribute(TaxSettings)


def key() -> PrimaryKey:
    return {"pk": "SETTINGS", "sk": "TAX"}


def kept() -> KeptTaxSettings | None:
    return dynamo.get(KeptTaxSettings, **key())


@for_a_minute
def settings() -> TaxSettings:
    found = kept()
    return found.settings if found else TaxSettings()
