"""The users table.

| what    | pk        | sk      |
|---------|-----------|---------|
| profile | USER#<id> | PROFILE |

A customer's id is the `sub` of their account, which is in Cognito, password and e-mail address included.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import dynamo
from chalicelib.core.dynamo import Item, PrimaryKey
from chalicelib.core.settings import settings


class UsersItem(Item):
    class Meta:
        table_name = settings.tables["users"]


class Profile(UsersItem, discriminator="profile"):
    """What a customer says of themselves, from the first change on. `version` rises with each."""

    version = NumberAttribute()
    name = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)


def profile_key(customer_id: str) -> PrimaryKey:
    return {"pk": f"USER#{customer_id}", "sk": "PROFILE"}


def profile(customer_id: str) -> Profile | None:
    return dynamo.get(Profile, **profile_key(customer_id))
