"""Who an order is billed to, where that is not simply whoever it is sent to."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError
from chalicelib.orders import address as addresses
from chalicelib.orders.address import Address


class Billing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on the invoice. `vat_id` is a business's VAT id of an EU member state, with its country's prefix.

    Without `address` the invoice goes where the order goes.
    """

    company: Annotated[str, Meta(max_length=200)] = ""
    vat_id: Annotated[str, Meta(max_length=30)] = ""
    address: Address | None = None


def checked(billing: Billing) -> Billing:
    """The billing data with the VAT id as it is written officially; 422 with the field that can not be so.

    A VAT id is checked for its form and its check digits (python-stdnum), offline. Whether it was given to that
    business, and still holds, only VIES knows, the member states' register: it is not asked. A shop that takes no tax
    because of an id has to have it confirmed there.
    """
    if billing.address is not None:
        addresses.check(billing.address, "/address")
    if not billing.vat_id.strip():
        return msgspec.structs.replace(billing, vat_id="")
    return msgspec.structs.replace(billing, vat_id=_vat_id(billing.vat_id))


def _vat_id(text: str) -> str:
    from stdnum.eu import vat  # the rules of all member states; only business buyers need them
    from stdnum.exceptions import ValidationError

    try:
        return str(vat.validate(text))
    except ValidationError:
        detail = "This is no VAT id of an EU member state. It begins with the country: DE136695976."
        raise ShopError("invalid_vat_id", 422, detail, pointer="/vat_id") from None
