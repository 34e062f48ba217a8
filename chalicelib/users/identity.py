"""The staff's and the customers' user pools: the only file that knows Cognito."""

from functools import cache
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings


class Tokens(msgspec.Struct, frozen=True):
    """What a login gives. `id_token` goes into the Authorization header; `expires_in` is in seconds."""

    id_token: str
    access_token: str
    refresh_token: str | None
    expires_in: int


class Refusal(msgspec.Struct, frozen=True):
    """What the shop answers where Cognito refuses; without a `detail`, in Cognito's own words."""

    code: str
    status: int
    detail: str | None
    pointer: str | None = None


_WRONG_PAIR = Refusal("wrong_credentials", 401, "This login is not known.")
_WRONG_CODE = Refusal("wrong_code", 422, "This code is wrong or has expired.", "/code")
_UNUSABLE = Refusal("invalid_field", 422, None)
_TOO_MANY = Refusal("too_many_requests", 429, "Too many attempts. Try again later.")

# Cognito's ways to say no, and the shop's. What is in _NOT_KNOWN depends on what was asked: a pair, a code, an account.
_REFUSALS = {
    "UserNotConfirmedException": Refusal("not_confirmed", 403, "Confirm the e-mail address first: POST /auth/confirm."),
    "CodeMismatchException": _WRONG_CODE,
    "ExpiredCodeException": _WRONG_CODE,
    "InvalidPasswordException": Refusal("weak_password", 422, None, "/password"),
    "PasswordHistoryPolicyViolationException": Refusal("weak_password", 422, None, "/password"),
    "CodeDeliveryFailureException": Refusal("mail_failed", 503, "The code could not be mailed. Try again later."),
    "TooManyRequestsException": _TOO_MANY,
    "TooManyFailedAttemptsException": _TOO_MANY,
    "LimitExceededException": _TOO_MANY,
}
_NOT_KNOWN = {
    "InvalidParameterException",
    "NotAuthorizedException",
    "PasswordResetRequiredException",
    "UnauthorizedException",
    "UnsupportedTokenTypeException",
    "UserNotFoundException",
}
_TAKEN = {"AliasExistsException", "UsernameExistsException"}
# Who asks for a code is not told why there is none: it would say whether the address is known.
_NO_CODE = {
    "CodeDeliveryFailureException",
    "InvalidParameterException",
    "LimitExceededException",
    "NotAuthorizedException",
    "UserNotConfirmedException",
    "UserNotFoundException",
}


@cache
def _cognito() -> Any:
    import boto3  # with its transfer manager a tenth of a cold start, and only logins need it

    return boto3.client("cognito-idp", region_name=settings.region)


def log_staff_in(email: str, password: str) -> Tokens:
    """Tokens of the staff pool; 401 for every wrong pair, so that nobody learns which addresses exist."""
    return _authenticate(settings.staff_client_id, USERNAME=email, PASSWORD=password)


def refresh_staff(refresh_token: str) -> Tokens:
    """New tokens for a login that is still good."""
    return _authenticate(settings.staff_client_id, REFRESH_TOKEN=refresh_token)


def log_in(email: str, password: str) -> Tokens:
    """Tokens of the customers' pool; 401 for every wrong pair, 403 while the address is not confirmed."""
    return _authenticate(settings.customer_client_id, USERNAME=email.lower(), PASSWORD=password)


def refresh(refresh_token: str) -> Tokens:
    """New tokens for a customer's login that is still good."""
    return _authenticate(settings.customer_client_id, REFRESH_TOKEN=refresh_token)


def log_out(refresh_token: str) -> None:
    """Let a refresh token give no more tokens."""
    _ask("revoke_token", _WRONG_PAIR, Token=refresh_token)


def register(email: str, password: str, name: str | None) -> None:
    """Make an account and mail it a code. For an address that has one already the code is mailed again, if it waits
    for one; nobody learns which of the two it was."""
    attributes = [{"Name": "email", "Value": email.lower()}]
    if name is not None:
        attributes.append({"Name": "name", "Value": name})
    try:
        _ask("sign_up", _UNUSABLE, Username=email.lower(), Password=password, UserAttributes=attributes)
    except _Known:
        _send_code("resend_confirmation_code", email)


def confirm(email: str, code: str) -> None:
    """Believe that whoever has this code reads the mails of this address."""
    _ask("confirm_sign_up", _WRONG_CODE, Username=email.lower(), ConfirmationCode=code)


def forgot_password(email: str) -> None:
    """Mail a code for a new password, if there is such an account; nobody learns whether there is."""
    _send_code("forgot_password", email)


def reset_password(email: str, code: str, password: str) -> None:
    """Set a new password with the code that was mailed."""
    request = {"Username": email.lower(), "ConfirmationCode": code, "Password": password}
    _ask("confirm_forgot_password", _WRONG_CODE, **request)


def find_customer(email: str) -> list[str]:
    """The ids of the customers' accounts with this address, which has no quotes in it: one, or none."""
    request = {"UserPoolId": settings.customer_pool_id, "Filter": f'email = "{email.lower()}"'}
    try:
        found = _cognito().list_users(**request, AttributesToGet=["sub"])["Users"]
    except ClientError as error:
        raise _refused(error, _UNUSABLE) from None
    return [attribute["Value"] for user in found for attribute in user["Attributes"] if attribute["Name"] == "sub"]


class _Known(ShopError):
    """There is an account with this address already. Registering then mails the code again."""


def _send_code(operation: str, email: str) -> None:
    try:
        getattr(_cognito(), operation)(ClientId=settings.customer_client_id, Username=email.lower())
    except ClientError as error:
        if _code(error) not in _NO_CODE:
            raise _refused(error, _UNUSABLE) from None


def _ask(operation: str, not_known: Refusal, client_id: str | None = None, **request: Any) -> Any:
    """Cognito's answer. `not_known` is what the shop says where Cognito does not know what it was given."""
    try:
        return getattr(_cognito(), operation)(ClientId=client_id or settings.customer_client_id, **request)
    except ClientError as error:
        raise _refused(error, not_known) from None


def _refused(error: ClientError, not_known: Refusal) -> Exception:
    code = _code(error)
    refusal = not_known if code in _NOT_KNOWN | _TAKEN else _REFUSALS.get(code)
    if refusal is None:
        return error
    detail = refusal.detail or str(error.response["Error"].get("Message", code))
    kind = _Known if code in _TAKEN else ShopError
    return kind(refusal.code, refusal.status, detail, pointer=refusal.pointer)


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _authenticate(client_id: str, **parameters: str) -> Tokens:
    flow = "REFRESH_TOKEN_AUTH" if "REFRESH_TOKEN" in parameters else "USER_PASSWORD_AUTH"
    answer = _ask("initiate_auth", _WRONG_PAIR, client_id, AuthFlow=flow, AuthParameters=parameters)
    if (result := answer.get("AuthenticationResult")) is None:
        raise ShopError("challenge_required", 403, "This account has to set a password first; ask whoever made it.")
    return Tokens(result["IdToken"], result["AccessToken"], result.get("RefreshToken"), result["ExpiresIn"])
