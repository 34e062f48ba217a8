"""What customers say of themselves."""

from msgspec import UNSET, UnsetType

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Condition
from chalicelib.core.errors import busy
from chalicelib.core.visitor import Customer
from chalicelib.users import groups, tables
from chalicelib.users.tables import Profile

_ATTEMPTS = 5


class _Changed(Exception):
    """The profile was changed between reading and writing."""


def find(customer: Customer) -> tuple[Profile | None, frozenset[str]]:
    """A customer's profile, None until they change something, and their groups."""
    found = dynamo.load([tables.profile_ref(customer.id), *groups.ref(customer.id)], consistent=True)
    profile = next((item for item in found.values() if isinstance(item, Profile)), None)
    return profile, groups.among(found)


def change(customer: Customer, name: str | UnsetType | None, phone: str | UnsetType | None) -> Profile:
    """Set what is given; None takes it away, UNSET leaves it."""
    for _ in range(_ATTEMPTS):
        profile = tables.profile(customer.id)
        if profile is None:
            profile = Profile(**tables.profile_key(customer.id), version=0, name=customer.name)
            before: Condition = Profile.pk.does_not_exist()
        else:
            before = Profile.version == int(profile.version)
        if name is not UNSET:
            profile.name = name
        if phone is not UNSET:
            profile.phone = phone
        profile.version = int(profile.version) + 1
        try:
            dynamo.write(dynamo.put(profile, before, _Changed()))
        except _Changed:
            continue
        return profile
    raise busy()
