"""What people send to say who they are."""

from typing import Annotated

import msgspec
from msgspec import Meta

Secret = Annotated[str, Meta(min_length=1, max_length=4096)]


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: Secret
