"""Who may pass the gateway: API Gateway itself verifies every token, before any function runs."""

import base64
import json
import re
import time
import urllib.request
import uuid
from typing import Any

import boto3
import pytest
from refusals import refusal

from infra.local.client import Api, Json, wait_for

PASSWORD = "Lantern river stone 1!"
CUSTOMERS, STAFFS = "/me", "/admin/orders"


class Account:
    """A customer as they come in: with an address, a password and the mails that they get."""

    def __init__(self, running: dict[str, Any], guest: Api) -> None:
        self.running, self.guest = running, guest
        self.login = {"email": f"Ann.{uuid.uuid4().hex[:8]}@jishi.example", "password": PASSWORD}
        guest.post("/auth/register", {**self.login, "name": "Ann"})
        self.confirmed = guest.post("/auth/confirm", {"email": self.login["email"], "code": self.mailed_code()})

    def mailed_code(self) -> str:
        """The code of the last mail to this address."""

        def look() -> str | None:
            with urllib.request.urlopen(f"{self.running['aws']}/_ministack/ses/messages", timeout=10) as answer:
                mails = [m for m in _mails(json.load(answer)) if self.login["email"].lower() in json.dumps(m)]
            codes = re.findall(r"code is (\d+)", json.dumps(mails[-1])) if mails else []
            return codes[0] if codes else None

        return wait_for("a mail with a code", look, 10)

    def tokens(self) -> Json:
        return self.guest.post("/auth/login", self.login)

    def api(self, token: str) -> Api:
        return Api(self.running["api"], Authorization=token)


def _mails(found: Any) -> list[Json]:
    """Every mail in what ministack lists, however it is grouped."""
    if isinstance(found, dict) and "Timestamp" in found:
        return [found]
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list) else []
    return [mail for part in parts for mail in _mails(part)]


@pytest.fixture(scope="module")
def accounts() -> dict[str, Account]:
    return {}


@pytest.fixture
def ann(running: dict[str, Any], guest: Api, accounts: dict[str, Account]) -> Account:
    if "ann" not in accounts:
        accounts["ann"] = Account(running, guest)
    return accounts["ann"]


def answered() -> int:
    """How many requests the API's functions have answered so far: each leaves one line in its log."""
    logs = boto3.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = 0
    for group in (group for group in groups if "Api" in group):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            lines += sum('"log":"request"' in event["message"] for event in page["events"])
    return lines


def pieces(token: str) -> tuple[Json, Json, str]:
    header, payload, signature = token.split(".")
    return _decoded(header), _decoded(payload), signature


def _decoded(part: str) -> Json:
    decoded: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encoded(part: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def of_another_pool() -> str:
    """A good token of a pool that is not the shop's."""
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=f"other-{uuid.uuid4().hex[:8]}")["UserPool"]["Id"]
    return logged_in(pool, "ALLOW_USER_PASSWORD_AUTH", "ann", create=True)


def logged_in(
    pool: str, flow: str, username: str, create: bool = False, password: str = PASSWORD, **client: Any
) -> str:
    """An id token from a client of its own in `pool`."""
    cognito = boto3.client("cognito-idp")
    if create:
        cognito.admin_create_user(UserPoolId=pool, Username=username, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)
    made = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName=uuid.uuid4().hex, ExplicitAuthFlows=[flow, "ALLOW_REFRESH_TOKEN_AUTH"], **client
    )
    answer = cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=made["UserPoolClient"]["ClientId"],
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


def stopped_at_the_gate(api: Api, path: str) -> bool:
    """Whether the gateway itself refuses a request, in its own words, and no function hears of it."""
    before = answered()
    refused = refusal(api.get, path)
    return (refused["status"], refused["code"], refused["detail"]) == (401, "unauthorized", "Unauthorized") and (
        answered() == before
    )


def test_a_customer_comes_in_stays_and_leaves(ann: Account, guest: Api) -> None:
    assert ann.confirmed == {"status": "confirmed"}
    tokens = ann.tokens()
    me = ann.api(tokens["id_token"]).get("/me")
    assert (me["email"], me["name"], me["phone"]) == (ann.login["email"].lower(), "Ann", None)
    assert ann.api(tokens["id_token"]).call("PATCH", "/me", {"phone": "+31 20 1"})["phone"] == "+31 20 1"
    fresh = guest.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert ann.api(fresh["id_token"]).get("/me")["id"] == me["id"]
    guest.post("/auth/logout", {"refresh_token": tokens["refresh_token"]})
    refused = refusal(guest.post, "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert (refused["status"], refused["code"]) == (401, "wrong_credentials")


def test_a_forgotten_password_is_replaced_by_mail(running: dict[str, Any], guest: Api) -> None:
    account = Account(running, guest)
    email = account.login["email"]
    guest.post("/auth/forgot-password", {"email": email})
    wrong = {"email": email, "code": "000000", "password": "Another long password 2?"}
    assert refusal(guest.post, "/auth/reset-password", wrong)["pointer"] == "/code"
    guest.post("/auth/reset-password", {**wrong, "code": account.mailed_code()})
    assert refusal(guest.post, "/auth/login", account.login)["code"] == "wrong_credentials"
    account.login["password"] = wrong["password"]
    assert account.tokens()["id_token"]


def test_a_customer_buys_what_they_put_into_a_cart_as_a_guest(ann: Account, running: dict[str, Any]) -> None:
    from infra.local.demo.play import ADDRESS, Play

    play = Play(running)
    cart = play.cart([_sku(play)])
    me = ann.api(ann.tokens()["id_token"])
    merged = me.with_headers(**cart.api.headers).post("/me/cart", {"cart_id": cart.path.rpartition("/")[2]})
    assert sum(line["quantity"] for line in merged["lines"]) == 1
    me.put("/me/cart/shipping-address", ADDRESS)
    option = me.get("/me/cart/shipping-options")["data"][0]["id"]
    seen = me.put("/me/cart/shipping-option", {"id": option})
    wish = {
        "payment_method": "cash_on_delivery",
        "cart_version": seen["version"],
        "expected_total": seen["totals"]["total"],
    }
    placed = me.post("/me/cart/checkout", wish)
    assert placed["order"]["email"] == ann.login["email"].lower()
    assert [order["id"] for order in me.get("/me/orders")["data"]] == [placed["order"]["id"]]
    assert me.get(f"/me/payments/{placed['payment']['id']}")["order_id"] == placed["order"]["id"]


def test_every_answered_request_leaves_a_line(ann: Account) -> None:
    """What the tests below count on."""
    api, before = ann.api(ann.tokens()["id_token"]), answered()
    api.get(CUSTOMERS)
    assert answered() == before + 1


@pytest.mark.parametrize("path", [CUSTOMERS, "/me/orders", "/me/cart", "/me/payments/pay_x", STAFFS])
@pytest.mark.parametrize(
    "kind",
    ["none", "nonsense", "another pool's", "tampered", "badly signed", "unsigned", "unsigned with a key id"],
)
def test_a_bad_token_is_stopped_at_the_gate(ann: Account, staff: Api, path: str, kind: str) -> None:
    good = staff.headers["Authorization"] if path == STAFFS else ann.tokens()["id_token"]
    header, payload, signature = good.split(".")
    head, claims, _ = pieces(good)
    bad = {
        "none": "",
        "nonsense": "nonsense",
        "another pool's": of_another_pool() if kind == "another pool's" else "",
        "tampered": f"{header}.{_encoded({**claims, 'sub': 'somebody-else'})}.{signature}",
        "badly signed": f"{header}.{payload}.{signature[:-6]}AAAAAA",
        "unsigned": f"{_encoded({'alg': 'none'})}.{payload}.",
        "unsigned with a key id": f"{_encoded({**head, 'alg': 'none'})}.{payload}.",
    }[kind]
    assert stopped_at_the_gate(ann.api(bad) if bad else Api(ann.running["api"]), path)


def test_one_pools_token_does_not_open_the_others_gate(ann: Account, staff: Api) -> None:
    customers, staffs = ann.tokens()["id_token"], staff.headers["Authorization"]
    assert ann.api(customers).get(CUSTOMERS)
    assert ann.api(staffs).get(STAFFS)
    assert stopped_at_the_gate(ann.api(customers), STAFFS)
    assert stopped_at_the_gate(ann.api(staffs), CUSTOMERS)


def test_a_token_is_good_for_its_time_and_no_longer(ann: Account, running: dict[str, Any]) -> None:
    """Two tokens of the same pool, of the same customer; they differ in nothing but how long they are good for."""
    pool = running["outputs"]["CustomerPoolId"]

    def of(seconds: int) -> str:
        validity = {"IdTokenValidity": seconds, "TokenValidityUnits": {"IdToken": "seconds"}}
        return logged_in(pool, "ALLOW_USER_PASSWORD_AUTH", ann.login["email"].lower(), **validity)

    short, long = of(1), of(3600)
    expiry = pieces(short)[1]["exp"]
    wait_for("the token's end", lambda: time.time() > expiry, 10)
    assert stopped_at_the_gate(ann.api(short), CUSTOMERS)
    assert ann.api(long).get(CUSTOMERS)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_token_of_another_use_is_refused_by_the_function(ann: Account, kind: str) -> None:
    """The local gateway lets them pass (on AWS a refresh token is no JWT at all), so the function has to look."""
    refused = refusal(ann.api(ann.tokens()[kind]).get, CUSTOMERS)
    assert (refused["status"], refused["code"]) == (401, "unauthorized")
    assert "id token" in refused["detail"]


def _sku(play: Any) -> str:
    catalogue = play.guest.get("/products?limit=1")["data"][0]
    return str(play.stock_up([catalogue["handle"]])[0])
