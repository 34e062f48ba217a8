"""The users table.

| what       | pk        | sk         |
|------------|-----------|------------|
| profile    | USER#<id> | PROFILE    |
| membership | USER#<id> | MEMBERSHIP |

A customer's id is the `sub` of their account, which is in Cognito, password and e-mail address included. What they
say of themselves and what staff say of them are two items, so that neither write meets the other, and whoever only
needs the groups reads nothing personal.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Item, JsonAttribute, PrimaryKey
from chalicelib.core.settings import settings


class UsersItem(Item):
    class Meta:
        table_name = settings.tables["users"]


class Profile(UsersItem, discriminator="profile"):
    """What a customer says of themselves, from the first change on. `version` rises with each."""

    version = NumberAttribute()
    name = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)


class Membership(UsersItem, discriminator="membership"):
    """The customer groups that staff put somebody into."""

    groups = JsonAttribute(list[str])


def profile_key(customer_id: str) -> PrimaryKey:
    return {"pk": f"USER#{customer_id}", "sk": "PROFILE"}


def profile_ref(customer_id: str) -> dynamo.Key:
    return (Profile, f"USER#{customer_id}", "PROFILE")


def membership_key(customer_id: str) -> PrimaryKey:
    return {"pk": f"USER#{customer_id}", "sk": "MEMBERSHIP"}


def membership_ref(customer_id: str) -> dynamo.Key:
    return (Membership, f"USER#{customer_id}", "MEMBERSHIP")


def profile(customer_id: str) -> Profile | None:
    return dynamo.get(Profile, **profile_key(customer_id))
