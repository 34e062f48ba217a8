"""What staff's clients send and see of taxes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.orders.taxes.tax_zones import TaxSettings


class VersionedTaxSettings(TaxSettings, frozen=True, forbid_unknown_fields=True):
    """The tax settings; to change them, send back the `version` that was looked at. It is 0 before the first time."""

    version: Annotated[int, Meta(ge=0, le=10**9)] = 0


def settings(body: VersionedTaxSettings) -> TaxSettings:
    fields = msgspec.structs.asdict(body)
    return TaxSettings(**{name: fields[name] for name in TaxSettings.__struct_fields__})


def view(settings: TaxSettings, version: int) -> VersionedTaxSettings:
    return VersionedTaxSettings(**msgspec.structs.asdict(settings), version=version)
