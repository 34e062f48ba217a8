"""Customers' accounts, on the pool of the template in moto; what moto lacks of Cognito is added in `Pool`."""

from typing import Any
from urllib.parse import quote

import botocore.client
import msgspec
import pytest
from botocore.exceptions import ClientError
from inprocess import ISSUERS, OWNER, Gateway, Shop, declared
from refusals import refusal

from chalicelib.core.settings import settings
from chalicelib.users import identity

PASSWORD = "lantern river stone"
ANN = {"email": "ann@jishi.example", "password": PASSWORD}


class Pool:
    """The customers' pool. `refuse` lets Cognito's next answers to an operation be a refusal."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        resources = declared()
        self.cognito = shop.client("cognito-idp")
        wanted = {k: v for k, v in resources["CustomerPool"]["Properties"].items() if k != "AccountRecoverySetting"}
        self.id = self.cognito.create_user_pool(PoolName="customers", **wanted)["UserPool"]["Id"]
        client = {**resources["CustomerClient"]["Properties"], "UserPoolId": self.id, "ClientName": "shop"}
        self.client_id = self.cognito.create_user_pool_client(**client)["UserPoolClient"]["ClientId"]
        self.refusals: dict[str, str] = {}
        self.asked: list[tuple[str, Any]] = []
        self.revoked: set[str] = set()
        here = msgspec.structs.replace(settings, customer_client_id=self.client_id, customer_pool_id=self.id)
        monkeypatch.setattr(identity, "settings", here)
        real = botocore.client.BaseClient._make_api_call

        def call(client: Any, operation: str, request: Any) -> Any:
            if client.meta.service_model.service_name != "cognito-idp" or client is self.cognito:
                return real(client, operation, request)
            self.asked.append((operation, request))
            if code := self.refusals.get(operation):
                raise refused(operation, code)
            if operation == "ResendConfirmationCode":  # moto has neither of these two
                return {}
            if operation == "RevokeToken":
                self.revoked.add(request["Token"])
                return {}
            if request.get("AuthParameters", {}).get("REFRESH_TOKEN") in self.revoked:
                raise refused(operation, "NotAuthorizedException")
            return real(client, operation, request)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)

    def refuse(self, operation: str, code: str) -> None:
        self.refusals[operation] = code

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]


def refused(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Cognito's words"}}, operation)


@pytest.fixture
def pool(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Pool:
    return Pool(shop, monkeypatch)


@pytest.fixture
def ann(guest: Gateway, pool: Pool) -> dict[str, str]:
    """A confirmed account."""
    guest.post("/auth/register", ANN)
    guest.post("/auth/confirm", {"email": ANN["email"], "code": "123456"})
    return ANN


def test_who_registers_and_confirms_can_log_in_and_stay_so(guest: Gateway, pool: Pool) -> None:
    assert guest.send("POST", "/auth/register", msgspec.json.encode({**ANN, "name": "Ann"}).decode())[0] == 202
    assert refusal(guest.post, "/auth/login", ANN) | {"detail": ""} == {
        "status": 403,
        "code": "not_confirmed",
        "detail": "",
    }
    assert guest.post("/auth/confirm", {"email": ANN["email"], "code": "123456"}) == {"status": "confirmed"}
    tokens = guest.post("/auth/login", ANN)
    assert set(tokens) == {"id_token", "access_token", "refresh_token", "expires_in"}
    assert guest.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})["id_token"]
    assert guest.post("/auth/logout", {"refresh_token": tokens["refresh_token"]}) == {"status": "logged_out"}
    again = refusal(guest.post, "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert (again["status"], again["code"]) == (401, "wrong_credentials")


def test_an_address_is_the_same_in_capitals(guest: Gateway, pool: Pool) -> None:
    guest.post("/auth/register", {**ANN, "email": "Ann@Jishi.Example"})
    guest.post("/auth/confirm", {"email": "ANN@jishi.example", "code": "123456"})
    assert guest.post("/auth/login", {**ANN, "email": "aNN@jishi.EXAMPLE"})["id_token"]
    guest.post("/auth/forgot-password", {"email": "ANN@JISHI.EXAMPLE"})
    guest.post("/auth/reset-password", {"email": "ANN@JISHI.EXAMPLE", "code": "1", "password": PASSWORD})
    names = [r.get("Username") or r["AuthParameters"]["USERNAME"] for _, r in pool.asked]
    assert set(names) == {"ann@jishi.example"}


def test_registering_says_nothing_about_who_is_known(guest: Gateway, pool: Pool, ann: dict[str, str]) -> None:
    body = msgspec.json.encode(ANN).decode()
    known = guest.send("POST", "/auth/register", body)
    unknown = guest.send("POST", "/auth/register", body.replace("ann@", "ben@"))
    assert known == unknown
    assert pool.operations()[-3:] == ["SignUp", "ResendConfirmationCode", "SignUp"]
    for code in ("InvalidParameterException", "NotAuthorizedException", "LimitExceededException"):
        pool.refuse("ResendConfirmationCode", code)
        assert guest.send("POST", "/auth/register", body) == known


def test_a_short_password_is_refused_before_anyone_looks_for_the_address(
    guest: Gateway, pool: Pool, ann: dict[str, str]
) -> None:
    pool.asked.clear()
    for email in ("ann@jishi.example", "nobody@jishi.example"):
        short = {"email": email, "password": "too short"}
        assert refusal(guest.post, "/auth/register", short)["pointer"] == "/password"
    assert pool.asked == []


def test_forgetting_a_password_says_nothing_about_who_is_known(guest: Gateway, pool: Pool, ann: dict[str, str]) -> None:
    answers = [guest.send("POST", "/auth/forgot-password", '{"email": "ann@jishi.example"}')]
    for code in ("UserNotFoundException", "InvalidParameterException", "LimitExceededException"):
        pool.refuse("ForgotPassword", code)
        answers.append(guest.send("POST", "/auth/forgot-password", '{"email": "nobody@jishi.example"}'))
    assert answers[0][0] == 202
    assert all(answer == answers[0] for answer in answers)


def test_a_forgotten_password_is_replaced(guest: Gateway, pool: Pool, ann: dict[str, str]) -> None:
    guest.post("/auth/forgot-password", {"email": ANN["email"]})
    new = {"email": ANN["email"], "code": "654321", "password": "another long password"}
    assert guest.post("/auth/reset-password", new) == {"status": "password_set"}
    assert refusal(guest.post, "/auth/login", ANN)["code"] == "wrong_credentials"
    assert guest.post("/auth/login", {"email": ANN["email"], "password": new["password"]})["id_token"]


def test_a_wrong_pair_is_the_same_whoever_it_names(guest: Gateway, pool: Pool, ann: dict[str, str]) -> None:
    wrong = refusal(guest.post, "/auth/login", {**ANN, "password": "wrong"})
    assert (wrong["status"], wrong["code"]) == (401, "wrong_credentials")
    assert refusal(guest.post, "/auth/login", {**ANN, "email": "nobody@jishi.example"}) == wrong


EMAIL = ANN["email"]
CODE = {"email": EMAIL, "code": "1"}
RESET = {**CODE, "password": PASSWORD}
REFRESH = {"refresh_token": "x"}


@pytest.mark.parametrize(
    ("path", "body", "operation", "said", "answer"),
    [
        ("login", ANN, "InitiateAuth", "NotAuthorizedException", (401, "wrong_credentials", None)),
        ("login", ANN, "InitiateAuth", "UserNotFoundException", (401, "wrong_credentials", None)),
        ("login", ANN, "InitiateAuth", "PasswordResetRequiredException", (401, "wrong_credentials", None)),
        ("login", ANN, "InitiateAuth", "UserNotConfirmedException", (403, "not_confirmed", None)),
        ("login", ANN, "InitiateAuth", "TooManyRequestsException", (429, "too_many_requests", None)),
        ("refresh", REFRESH, "InitiateAuth", "NotAuthorizedException", (401, "wrong_credentials", None)),
        ("logout", REFRESH, "RevokeToken", "UnauthorizedException", (401, "wrong_credentials", None)),
        ("logout", REFRESH, "RevokeToken", "UnsupportedTokenTypeException", (401, "wrong_credentials", None)),
        ("register", ANN, "SignUp", "InvalidPasswordException", (422, "weak_password", "/password")),
        ("register", ANN, "SignUp", "InvalidParameterException", (422, "invalid_field", None)),
        ("register", ANN, "SignUp", "CodeDeliveryFailureException", (503, "mail_failed", None)),
        ("register", ANN, "SignUp", "TooManyRequestsException", (429, "too_many_requests", None)),
        ("confirm", CODE, "ConfirmSignUp", "CodeMismatchException", (422, "wrong_code", "/code")),
        ("confirm", CODE, "ConfirmSignUp", "ExpiredCodeException", (422, "wrong_code", "/code")),
        ("confirm", CODE, "ConfirmSignUp", "AliasExistsException", (422, "wrong_code", "/code")),
        ("confirm", CODE, "ConfirmSignUp", "NotAuthorizedException", (422, "wrong_code", "/code")),
        ("confirm", CODE, "ConfirmSignUp", "UserNotFoundException", (422, "wrong_code", "/code")),
        ("confirm", CODE, "ConfirmSignUp", "TooManyFailedAttemptsException", (429, "too_many_requests", None)),
        ("reset-password", RESET, "ConfirmForgotPassword", "CodeMismatchException", (422, "wrong_code", "/code")),
        ("reset-password", RESET, "ConfirmForgotPassword", "UserNotFoundException", (422, "wrong_code", "/code")),
        (
            "reset-password",
            RESET,
            "ConfirmForgotPassword",
            "InvalidPasswordException",
            (422, "weak_password", "/password"),
        ),
        ("reset-password", RESET, "ConfirmForgotPassword", "LimitExceededException", (429, "too_many_requests", None)),
        (
            "forgot-password",
            {"email": EMAIL},
            "ForgotPassword",
            "TooManyRequestsException",
            (429, "too_many_requests", None),
        ),
    ],
)
def test_what_cognito_refuses_the_shop_refuses_in_its_own_way(
    guest: Gateway, pool: Pool, path: str, body: Any, operation: str, said: str, answer: tuple[int, str, str | None]
) -> None:
    pool.refuse(operation, said)
    problem = refusal(guest.post, f"/auth/{path}", body)
    assert (problem["status"], problem["code"], problem.get("pointer")) == answer
    own_words = answer[1] in ("weak_password", "invalid_field")
    assert (problem["detail"] == "Cognito's words") == own_words


def test_what_nobody_foresaw_is_our_error_and_not_the_customers(guest: Gateway, pool: Pool) -> None:
    pool.refuse("InitiateAuth", "InternalErrorException")
    assert refusal(guest.post, "/auth/login", ANN)["code"] == "internal_error"


@pytest.mark.parametrize(
    ("path", "changed", "pointer"),
    [
        ("register", {"email": "nobody"}, "/email"),
        ("register", {"email": "a" * 120 + "@jishi.example"}, "/email"),
        ("register", {"password": " spaces at an end"}, "/password"),
        ("register", {"name": " "}, "/name"),
        ("register", {"sub": "1"}, "/sub"),
        ("confirm", {"email": EMAIL, "code": "1 2"}, "/code"),
        ("confirm", {"email": EMAIL, "code": ""}, "/code"),
        ("forgot-password", {"email": ""}, "/email"),
    ],
)
def test_a_field_that_can_not_be_is_named(
    guest: Gateway, pool: Pool, path: str, changed: dict[str, str], pointer: str
) -> None:
    body = {**ANN, **changed} if path == "register" else changed
    problem = refusal(guest.post, f"/auth/{path}", body)
    assert (problem["status"], problem["pointer"]) == (422, pointer)
    assert pool.asked == []


def test_a_customer_says_who_they_are(shop: Shop) -> None:
    claims = shop.customer("ann").claims
    ann, ben = Gateway({**claims, "name": "Ann"}), shop.customer("ben")
    account = {"id": "sub-of-ann", "email": "ann@jishi.example", "groups": []}
    assert ann.get("/me") == {**account, "name": "Ann", "phone": None}
    assert ann.call("PATCH", "/me", {"phone": "+31 20 1234567"})["name"] == "Ann"
    assert ann.call("PATCH", "/me", {"name": "Ann Li"})["phone"] == "+31 20 1234567"
    assert ann.call("PATCH", "/me", {"name": None})["name"] is None
    assert ann.get("/me") == {**account, "name": None, "phone": "+31 20 1234567"}
    assert ben.get("/me")["phone"] is None
    assert refusal(ann.call, "PATCH", "/me", {"email": "other@jishi.example"})["pointer"] == "/email"


def test_an_address_that_was_not_verified_opens_nothing(shop: Shop) -> None:
    claims = shop.customer("ann").claims
    assert Gateway({**claims, "email_verified": "true"}).get("/me")["email"] == "ann@jishi.example"
    changed = Gateway({**claims, "email_verified": "false"})
    for path in ("/me", "/me/cart", "/me/orders"):
        problem = refusal(changed.get, path)
        assert (problem["status"], problem["code"]) == (403, "email_not_verified")


def test_a_changed_address_is_the_customers_once_it_is_verified(pool: Pool) -> None:
    made = pool.cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert made["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_each_pools_tokens_open_that_pools_paths(shop: Shop) -> None:
    customer = shop.customer()
    assert refusal(customer.get, "/admin/orders")["status"] == 401
    assert refusal(shop.staff.get, "/me")["status"] == 401
    assert refusal(shop.guest.get, "/me")["status"] == 401
    access = Gateway({**customer.claims, "token_use": "access"})
    for path in ("/me", "/me/cart", "/me/orders", "/me/orders/ord_x", "/me/payments/pay_x"):
        assert refusal(access.get, path)["code"] == "unauthorized"
    assert OWNER["iss"] != customer.claims["iss"]


def test_staff_find_an_account_by_its_address_and_say_its_groups(shop: Shop, pool: Pool, ann: dict[str, str]) -> None:
    (found,) = shop.staff.get("/admin/users?email=ANN%40jishi.example")["data"]
    claims = {"sub": found["id"], "token_use": "id", "email": ann["email"], "iss": ISSUERS["customers"]}
    herself = Gateway(claims)
    assert (found["groups"], herself.get("/me")["groups"]) == ([], [])
    path = f"/admin/users/{found['id']}/groups"
    assert shop.staff.put(path, {"groups": ["vip", "trade", "vip"]}) == {"id": found["id"], "groups": ["trade", "vip"]}
    assert herself.get("/me")["groups"] == herself.call("PATCH", "/me", {"name": "Ann"})["groups"] == ["trade", "vip"]
    assert shop.staff.get("/admin/users?email=ann%40jishi.example")["data"][0]["groups"] == ["trade", "vip"]
    assert shop.staff.put(path, {"groups": []})["groups"] == shop.staff.get(path)["groups"] == []
    assert shop.staff.get("/admin/users?email=ben%40jishi.example")["data"] == []


@pytest.mark.parametrize("email", ["", "ann", 'ann" or "@b.c', "a\\@b.c"])
def test_what_is_no_address_is_not_asked_for(shop: Shop, pool: Pool, email: str) -> None:
    refused = refusal(shop.staff.get, f"/admin/users?email={quote(email)}")
    assert (refused["status"], refused["pointer"], pool.asked) == (422, "/query/email", [])


@pytest.mark.parametrize("groups", [None, "vip", ["Bad Group!"], ["x" * 61], ["a"] * 51])
def test_what_is_no_group_is_refused(shop: Shop, groups: Any) -> None:
    refused = refusal(shop.staff.put, "/admin/users/sub-of-ann/groups", {"groups": groups})
    assert (refused["status"], refused["pointer"].startswith("/groups")) == (422, True)
