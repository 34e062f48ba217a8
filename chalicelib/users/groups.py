"""Customer groups: which price lists are open to a customer beside the public ones. Staff say who is in them."""

from collections.abc import Iterable, Mapping

from chalicelib.core import audit, dynamo
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.staff import Staff
from chalicelib.users import tables
from chalicelib.users.tables import Membership


def ref(customer_id: str | None) -> list[Key]:
    """Where the groups of a customer are read, for a use case that reads several modules' items in one request.

    A guest has none.
    """
    return [tables.membership_ref(customer_id)] if customer_id else []


def among(items: Mapping[Key, Item]) -> frozenset[str]:
    """The groups of whoever's were read at `ref`."""
    return frozenset(group for item in items.values() if isinstance(item, Membership) for group in item.groups)


def as_if(groups: Iterable[str]) -> dict[Key, Item]:
    """What would have been read at the `ref` of somebody in these groups: to try things out."""
    nobody = tables.membership_ref("")
    return {nobody: Membership(**tables.membership_key(""), groups=sorted(set(groups)))}


def of(customer_id: str) -> frozenset[str]:
    """The groups of a customer: one request."""
    return among(dynamo.load(ref(customer_id), consistent=True))


def put(customer_id: str, groups: Iterable[str], by: Staff) -> list[str]:
    """Let a customer be in these groups and in no others. The same again changes nothing."""
    wanted = sorted(set(groups))
    if wanted != sorted(of(customer_id)):
        membership = Membership(**tables.membership_key(customer_id), groups=wanted)
        entry = audit.entry(by, "customer.groups_put", customer_id, groups=", ".join(wanted))
        dynamo.transaction([dynamo.put(membership), entry])
    return wanted
