"""What people send to say who they are."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.visitor import Customer
from chalicelib.users.tables import Profile

Secret = Annotated[str, Meta(min_length=1, max_length=4096)]
# Cognito takes names of accounts up to 128 characters; whether somebody reads the mail only a mail can say.
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$(?!\n)", max_length=128)]
# As long as the pool's policy asks (a test compares them): so a short one is refused before anyone looks whether the
# address is known. Spaces at the ends are not possible in Cognito.
NewPassword = Annotated[str, Meta(min_length=10, max_length=256, pattern=r"^\S.*\S$(?!\n)")]
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+$(?!\n)")]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Group = Annotated[str, Meta(pattern=r"^[^\W_]+(-[^\W_]+)*$(?!\n)", max_length=60, description="a customer group")]
Phone = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"\S")]


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: Secret


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: NewPassword
    name: Name | None = None


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    code: Code


class ForgotPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email


class ResetPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    code: Code
    password: NewPassword


class Outcome(msgspec.Struct, frozen=True):
    """What became of it: `code_sent` (to an address that can use one), `confirmed`, `password_set`, `logged_out`."""

    status: str


class ChangeProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is; null takes it away."""

    name: Name | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET


class FindUsers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    # Cognito is asked for it in quotes.
    email: Annotated[str, Meta(pattern=r"""^[^@\s"\\]+@[^@\s"\\]+\.[^@\s"\\]+$(?!\n)""", max_length=128)]


class PutGroups(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All groups that the customer shall be in."""

    groups: Annotated[tuple[Group, ...], Meta(max_length=50)]


class GroupsView(msgspec.Struct, frozen=True):
    id: str
    groups: list[str]


class UserView(msgspec.Struct, frozen=True):
    """A customer's account. `id` is the customer's in all of the shop."""

    id: str
    email: str
    groups: list[str]


class Users(msgspec.Struct, frozen=True):
    data: list[UserView]
    next_cursor: str | None


class ProfileView(msgspec.Struct, frozen=True):
    """A customer's account. `email` is what they log in with, `groups` the customer groups that staff put them into."""

    id: str
    email: str
    name: str | None
    phone: str | None
    groups: list[str]


def profile(customer: Customer, kept: Profile | None, groups: Iterable[str]) -> ProfileView:
    if kept is None:
        return ProfileView(customer.id, customer.email, customer.name, None, sorted(groups))
    return ProfileView(customer.id, customer.email, kept.name, kept.phone, sorted(groups))
