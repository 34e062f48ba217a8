"""How this shop's sales are taxed: what staff decided, and the terms of one sale that follow from it."""

from chalicelib.core import audit, cache, clock, dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.staff import Staff
from chalicelib.orders.address import Address
from chalicelib.orders.taxes import tax_tables, tax_zones
from chalicelib.orders.taxes.assessing import Place, TaxProvider, TaxTerms
from chalicelib.orders.taxes.tax_tables import KeptTaxSettings
from chalicelib.orders.taxes.tax_zones import TaxSettings
from chalicelib.orders.taxes.taxes import TaxTable


def terms(to: Address | None, vat_id: str | None) -> TaxTerms:
    """How a sale of today that goes `to` an address is taxed: at home where nobody knows yet where it goes."""
    place = Place(to.country, to.region, to.postal_code) if to else None
    return TaxTerms(_provider(), clock.now().date(), place, vat_id)


def _provider() -> TaxProvider:
    """The engine that the shop uses. Another one, such as Stripe Tax, is returned from here."""
    return TaxTable(tax_tables.settings())


def current() -> tuple[TaxSettings, int]:
    """What staff decided and its version, which is 0 before they did."""
    kept = tax_tables.kept()
    return (kept.settings, int(kept.version)) if kept else (TaxSettings(), 0)


def put(settings: TaxSettings, version: int, by: Staff) -> tuple[TaxSettings, int]:
    """Decide anew, having looked at `version`. It holds everywhere within a minute; the same again changes nothing.

    409 `tax_settings_changed` if somebody else was faster. 422 with the place of what can not be so.
    """
    tax_zones.check(settings)
    kept = tax_tables.kept()
    if kept is not None and kept.settings == settings:
        return settings, int(kept.version)
    changed = ShopError("tax_settings_changed", 409, "Somebody changed the tax settings. Look at them again.")
    if version != (int(kept.version) if kept else 0):
        raise changed
    item = KeptTaxSettings(**tax_tables.key(), version=version + 1, settings=settings)
    same = KeptTaxSettings.version == version if kept else KeptTaxSettings.pk.does_not_exist()
    entry = audit.entry(by, "tax_settings.put", "tax_settings", version=version + 1)
    dynamo.transaction([dynamo.put(item, same, changed), entry])
    cache.forget()
    return settings, version + 1
