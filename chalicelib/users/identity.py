"""The staff's user pool: the only file that knows Cognito."""

from functools import cache
from typing import Any

import boto3
import msgspec
from botocore.exceptions import ClientError

from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

_REFUSALS = (
    "NotAuthorizedException",
    "UserNotFoundException",
    "InvalidParameterException",
    "PasswordResetRequiredException",
)


class Tokens(msgspec.Struct, frozen=True):
    """What a login gives. `id_token` goes into the Authorization header; `expires_in` is in seconds."""

    id_token: str
    access_token: str
    refresh_token: str | None
    expires_in: int


@cache
def _cognito() -> Any:
    return boto3.client("cognito-idp", region_name=settings.region)


def log_staff_in(email: str, password: str) -> Tokens:
    """Tokens of the staff pool; 401 for every wrong pair, so that nobody learns which addresses exist."""
    return _authenticate("USER_PASSWORD_AUTH", {"USERNAME": email, "PASSWORD": password})


def refresh_staff(refresh_token: str) -> Tokens:
    """New tokens for a login that is still good."""
    return _authenticate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh_token})


def _authenticate(flow: str, parameters: dict[str, str]) -> Tokens:
    try:
        answer = _cognito().initiate_auth(AuthFlow=flow, ClientId=settings.staff_client_id, AuthParameters=parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _REFUSALS:
            raise ShopError("wrong_credentials", 401, "This login is not known.") from None
        if code == "TooManyRequestsException":
            raise ShopError("too_many_requests", 429, "Too many attempts. Try again later.") from None
        raise
    if (result := answer.get("AuthenticationResult")) is None:
        raise ShopError("challenge_required", 403, "This account has to set a password first; ask whoever made it.")
    return Tokens(result["IdToken"], result["AccessToken"], result.get("RefreshToken"), result["ExpiresIn"])
