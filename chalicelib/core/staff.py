"""Who works for the shop, and what each role may do."""

from enum import StrEnum

import msgspec

from chalicelib.core.errors import ShopError


class Permission(StrEnum):
    """What a staff route asks for. Reading never changes anything; who may write need not be able to read."""

    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    REFUNDS_WRITE = "refunds:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
    SHIPMENTS_READ = "shipments:read"
    SHIPMENTS_WRITE = "shipments:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    PROMOTIONS_READ = "promotions:read"
    PROMOTIONS_WRITE = "promotions:write"
    AUDIT_READ = "audit:read"
    EVENTS_READ = "events:read"
    JOBS_READ = "jobs:read"


P = Permission
# A role is a group of the staff pool; infra/resources.yaml makes one for each. Somebody may have several.
ROLES: dict[str, frozenset[Permission]] = {
    "owner": frozenset(Permission),
    "merchandiser": frozenset(
        {P.CATALOG_READ, P.CATALOG_WRITE, P.CUSTOMERS_READ, P.CUSTOMERS_WRITE, P.STOCK_READ, P.SETTINGS_READ}
        | {P.REVIEWS_READ, P.REVIEWS_WRITE, P.PROMOTIONS_READ, P.PROMOTIONS_WRITE}
    ),
    "warehouse": frozenset(
        {P.ORDERS_READ, P.SHIPMENTS_READ, P.SHIPMENTS_WRITE, P.STOCK_READ, P.STOCK_WRITE, P.SETTINGS_READ}
    ),
    "support": frozenset(
        {
            P.CATALOG_READ,
            P.CUSTOMERS_READ,
            P.ORDERS_READ,
            P.ORDERS_WRITE,
            P.REFUNDS_WRITE,
            P.PROMOTIONS_READ,
            P.REVIEWS_READ,
            P.REVIEWS_WRITE,
            P.SHIPMENTS_READ,
            P.STOCK_READ,
        }
    ),
    "accountant": frozenset({P.ORDERS_READ, P.REFUNDS_WRITE, P.AUDIT_READ, P.PAYMENTS_READ, P.PAYMENTS_WRITE}),
    "operator": frozenset({P.JOBS_READ, P.EVENTS_READ, P.AUDIT_READ, P.PAYMENTS_READ}),
}


class Staff(msgspec.Struct, frozen=True):
    """A member of staff as the verified id token names them: `id` is the token's `sub`, `groups` their roles."""

    id: str
    groups: frozenset[str]

    def may(self, permission: Permission) -> bool:
        return any(permission in ROLES.get(group, ()) for group in self.groups)


def forbidden(permission: Permission | None, pointer: str | None = None) -> ShopError:
    """403: what was asked for, or the field at `pointer`, needs a permission."""
    return ShopError("forbidden", 403, f"This needs the permission {permission}.", pointer=pointer)
