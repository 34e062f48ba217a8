"""Coupons: made by staff, entered by customers, redeemed as often as they say and not once more."""

import json
from typing import Any

import pytest
from inprocess import Cart, Shop, eur
from refusals import refusal

from chalicelib.core.money import Money

Json = dict[str, Any]
TRANSACTION = "TransactWriteItems"
YEARS = {"past": {"ends_at": "2001-01-01T00:00:00Z"}, "future": {"starts_at": "2900-01-01T00:00:00Z"}}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A shop with mugs, and a tenth off for whoever has a coupon."""
    shop.product("mug", stock={"ams": 50})
    promote(shop)
    return shop


def promote(shop: Shop, promotion_id: str = "welcome", **fields: Any) -> Json:
    effect = {"type": "percent_off", "percent": 10}
    body = {"name": promotion_id.capitalize(), "effect": effect, "needs_coupon": True, **fields}
    return shop.staff.put(f"/admin/promotions/{promotion_id}", body)


def coupon(shop: Shop, code: str = "HELLO", **fields: Any) -> Json:
    return shop.staff.post("/admin/coupons", {"code": code, "promotion": "welcome", **fields})


def entered(shop: Shop, *codes: str) -> Cart:
    """A guest's cart with these coupons, ready to be checked out."""
    cart = shop.ready_cart()
    for code in codes:
        cart.post("/coupons", {"code": code})
    return cart


def taken_off(cart: Json) -> int:
    return int(cart["totals"]["discount"]["amount"])


def states(cart: Json) -> list[tuple[str, str, str | None]]:
    return [(one["code"], one["status"], one["reason"]) for one in cart["coupons"]]


def used(shop: Shop, code: str = "HELLO") -> int:
    return int(shop.staff.get(f"/admin/coupons/{code}")["used"])


@pytest.mark.parametrize("typed", ["HELLO-5", "hello-5", " hel lo-5 ", "ｈｅｌｌｏ－５"])
def test_a_code_is_the_same_however_it_is_typed(shop: Shop, typed: str) -> None:
    coupon(shop, "Hello-5")
    cart = shop.cart(("MUG", 1))
    seen = cart.post("/coupons", {"code": typed})
    assert (taken_off(seen), states(seen)) == (129, [("HELLO-5", "applied", None)])
    assert cart.get()["totals"] == seen["totals"]
    assert cart.post("/coupons", {"code": typed})["coupons"] == seen["coupons"]
    assert taken_off(cart.delete("/coupons/hello-5")) == 0
    assert refusal(cart.delete, "/coupons/hello-5")["status"] == 404


@pytest.mark.parametrize("code", ["NOPE", "x", "💥💥💥", "a" * 100, "AAA#COUPON"])
def test_a_code_that_there_is_not_is_refused(shop: Shop, code: str) -> None:
    refused = refusal(shop.cart(("MUG", 1)).post, "/coupons", {"code": code})
    assert (refused["status"], refused["code"], refused["pointer"]) == (422, "unknown_coupon", "/code")


def test_a_coupon_that_is_over_is_refused_and_one_that_waits_is_not(shop: Shop) -> None:
    coupon(shop)
    cart = shop.cart(("MUG", 1))
    promote(shop, conditions=YEARS["past"])
    assert refusal(cart.post, "/coupons", {"code": "HELLO"})["code"] == "coupon_expired"
    promote(shop, conditions=YEARS["future"])
    seen = cart.post("/coupons", {"code": "HELLO"})
    assert states(seen) == states(cart.get()) == [("HELLO", "refused", "coupon_not_yet_valid")]
    promote(shop)
    assert taken_off(cart.get()) == 129
    shop.staff.post("/admin/coupons/hello/disable")
    assert states(cart.get()) == [("HELLO", "refused", "coupon_expired")]
    assert refusal(shop.cart().post, "/coupons", {"code": "HELLO"})["code"] == "coupon_expired"


def test_a_coupon_whose_promotion_is_gone_takes_nothing_off(shop: Shop) -> None:
    coupon(shop)
    cart = entered(shop, "HELLO")
    shop.staff.call("DELETE", "/admin/promotions/welcome")
    assert states(cart.get()) == [("HELLO", "refused", "coupon_expired")]
    assert refusal(shop.cart().post, "/coupons", {"code": "HELLO"})["code"] == "coupon_expired"
    assert cart.check_out()["order"]["totals"]["discount"] == eur(0)


def test_why_a_coupon_takes_nothing_off_is_said_in_the_cart(shop: Shop) -> None:
    promote(shop, conditions={"minimum": [eur(2000)]})
    coupon(shop)
    cart = entered(shop, "HELLO")
    assert states(cart.get()) == [("HELLO", "refused", "minimum_not_reached")]
    assert states(cart.patch("/items/MUG", {"quantity": 2})) == [("HELLO", "applied", None)]


def test_a_cart_takes_three_coupons(shop: Shop) -> None:
    for code in ("AAA", "BBB", "CCC", "DDD"):
        coupon(shop, code)
    cart = entered(shop, "AAA", "BBB", "CCC")
    assert [reason for _, _, reason in states(cart.get())] == [None, "same_promotion", "same_promotion"]
    refused = refusal(cart.post, "/coupons", {"code": "DDD"})
    assert (refused["status"], refused["code"]) == (422, "too_many_coupons")


def test_a_coupon_for_one_use_is_used_once(shop: Shop) -> None:
    coupon(shop, limit=1)
    cart, late = entered(shop, "HELLO"), entered(shop, "HELLO")
    wish = late.wish()
    assert cart.check_out()["order"]["totals"]["discount"] == eur(129)
    refused = refusal(late.post, "/checkout", wish)
    assert (refused["status"], refused["code"]) == (409, "cart_changed")
    assert states(refused["cart"]) == [("HELLO", "refused", "coupon_used_up")]
    assert refusal(shop.cart().post, "/coupons", {"code": "HELLO"})["code"] == "coupon_used_up"
    assert late.check_out()["order"]["totals"]["discount"] == eur(0)


def test_of_a_limit_of_three_ten_who_check_out_at_once_get_three(shop: Shop, weather: Any) -> None:
    """Each has read the coupon when the next one commits: all ten stand in each other's way."""
    coupon(shop, limit=3)
    carts = [entered(shop, "HELLO") for _ in range(10)]
    wishes = [cart.wish() for cart in carts]
    answers: list[Json] = []

    def race(number: int) -> None:
        status, _, answer = carts[number].api.send("POST", f"{carts[number].path}/checkout", json.dumps(wishes[number]))
        answers.append({"http": status, **answer})

    def overtaken_by(number: int) -> Any:
        return lambda: race(number)

    weather(TRANSACTION, [overtaken_by(number) for number in range(1, 10)])
    race(0)
    assert sorted(answer["http"] for answer in answers) == [201] * 3 + [409] * 7
    assert {answer["code"] for answer in answers if answer["http"] == 409} == {"cart_changed"}
    assert all(taken_off(answer["order"]) == 129 for answer in answers if answer["http"] == 201)
    assert used(shop) == 3
    assert shop.stock("MUG")["reserved"] == 3


def test_a_coupon_without_a_limit_is_not_written_to(shop: Shop) -> None:
    coupon(shop)
    for _ in range(2):
        entered(shop, "HELLO").check_out()
    assert shop.staff.get("/admin/coupons/HELLO")["used"] is None
    items = shop.dynamodb.scan(TableName="test-orders")["Items"]
    (item,) = [item for item in items if item["kind"]["S"] == "coupon"]
    assert item["used"] == {"N": "0"}


def test_a_guest_is_known_by_their_e_mail(shop: Shop) -> None:
    coupon(shop, per_customer=1)
    first, second, other = (entered(shop, "HELLO") for _ in range(3))
    first.check_out(email="Lin@jishi.example")
    refused = refusal(second.check_out, email="lin@JISHI.example")
    assert (refused["code"], states(refused["cart"])) == ("cart_changed", [("HELLO", "refused", "coupon_used_up")])
    assert taken_off(other.check_out(email="ben@jishi.example")["order"]) == 129
    coupons = [item for item in shop.dynamodb.scan(TableName="test-orders")["Items"] if "coupon" in item["kind"]["S"]]
    assert "lin@jishi" not in str(coupons).lower()


def test_a_customer_redeems_a_coupon_as_often_as_it_says(shop: Shop) -> None:
    coupon(shop, per_customer=2)
    ann = shop.customer("ann")
    for _ in range(2):
        cart = shop.cart_of(ann, ("MUG", 1))
        cart.post("/coupons", {"code": "HELLO"})
        assert taken_off(cart.check_out()["order"]) == 129
    cart = shop.cart_of(ann, ("MUG", 1))
    assert refusal(cart.post, "/coupons", {"code": "HELLO"})["code"] == "coupon_used_up"
    assert taken_off(entered(shop, "HELLO").check_out()["order"]) == 129


def test_two_carts_of_one_e_mail_at_once_redeem_once(shop: Shop, weather: Any) -> None:
    coupon(shop, per_customer=1)
    slow, fast = entered(shop, "HELLO"), entered(shop, "HELLO")
    wish = slow.wish()
    weather(TRANSACTION, [fast.check_out])
    assert refusal(slow.post, "/checkout", wish)["code"] == "cart_changed"


def test_a_canceled_order_gives_its_coupons_back_once(shop: Shop) -> None:
    coupon(shop, limit=5, per_customer=1)
    entered(shop, "HELLO").check_out(email="ben@jishi.example")
    order = shop.order_of(entered(shop, "HELLO").check_out())
    assert used(shop) == 2
    for _ in range(2):
        order.post("/cancel")
        assert used(shop) == 1
    shop.deliver()
    assert used(shop) == 1
    assert taken_off(entered(shop, "HELLO").check_out()["order"]) == 129


def test_two_who_cancel_at_once_give_back_once(shop: Shop, weather: Any) -> None:
    coupon(shop, limit=5)
    order = shop.order_of(entered(shop, "HELLO").check_out())
    weather(TRANSACTION, [lambda: order.post("/cancel")])
    order.post("/cancel")
    assert used(shop) == 0


def test_an_order_that_nobody_pays_gives_its_coupon_back(shop: Shop, bank: Any, travel: Any) -> None:
    from datetime import timedelta

    coupon(shop, limit=1)
    entered(shop, "HELLO").check_out(payment_method="card")
    assert used(shop) == 1
    travel(timedelta(hours=2))
    shop.expire()
    assert used(shop) == 0
    assert taken_off(entered(shop, "HELLO").get()) == 129


def test_a_guests_coupons_come_along_into_the_customers_cart(shop: Shop) -> None:
    coupon(shop)
    guests = entered(shop, "HELLO")
    ann = shop.customer("ann")
    headers = {"Cart-Token": guests.api.headers["Cart-Token"]}
    merged = ann.with_headers(**headers).post("/me/cart", {"cart_id": guests.path.rpartition("/")[2]})
    assert (taken_off(merged), states(merged)) == (129, [("HELLO", "applied", None)])


def test_a_cart_of_forty_skus_has_room_for_its_coupons(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.core import dynamo

    skus = [f"S{n}" for n in range(40)]
    variants = [{"sku": sku, "price": eur(100), "option_values": [sku], "stock": {"ams": 9}} for sku in skus]
    shop.staff.post(
        "/admin/products",
        {"handle": "set", "title": "Set", "status": "published", "options": ["Size"], "variants": variants},
    )
    for n in range(3):
        promote(shop, f"p{n}")
        coupon(shop, f"CODE{n}", promotion=f"p{n}", limit=9, per_customer=2)
    promote(shop, "first", needs_coupon=False, conditions={"first_order": True})
    cart = shop.cart_of(shop.customer("ann"), *((sku, 1) for sku in skus))
    for n in range(3):
        cart.post("/coupons", {"code": f"CODE{n}"})
    sizes: list[int] = []
    real = dynamo.transaction
    monkeypatch.setattr(dynamo, "transaction", lambda actions: (sizes.append(len(actions)), real(actions)))
    placed = cart.check_out(key="a-key-of-16-chars")
    assert placed["order"]["totals"]["discount"]["amount"] > 0
    assert max(sizes) <= dynamo.MOST_ACTIONS


def test_the_same_request_makes_one_coupon(shop: Shop) -> None:
    body = {"code": "hello", "promotion": "welcome", "limit": 5}
    key = "a-key-of-16-chars"
    made = shop.staff.post("/admin/coupons", body, key=key)
    assert made == shop.staff.post("/admin/coupons", body, key=key) == shop.staff.get("/admin/coupons/HELLO")
    assert (made["code"], made["limit"], made["used"]) == ("HELLO", 5, 0)
    refused = refusal(shop.staff.post, "/admin/coupons", body)
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "coupon_exists", "/code")
    for changed, pointer in (({"promotion": "no"}, "/promotion"), ({"code": "a b"}, "/code"), ({"limit": 0}, "/limit")):
        refused = refusal(shop.staff.post, "/admin/coupons", {**body, **changed})
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert refusal(shop.staff.get, "/admin/coupons/NO-SUCH")["status"] == 404


BATCH = {"promotion": "welcome", "count": 60, "prefix": "may-"}


def test_codes_are_made_by_the_hundred_and_the_same_request_tells_them_again(shop: Shop) -> None:
    key = "a-key-of-16-chars"
    made = shop.staff.post("/admin/coupon-batches", BATCH, key=key)
    assert len(set(made["codes"])) == 60
    assert all(code.startswith("MAY-") and not set(code[4:]) & set("01ILOU") for code in made["codes"])
    assert taken_off(entered(shop, made["codes"][0]).check_out()["order"]) == 129
    assert shop.staff.post("/admin/coupon-batches", BATCH, key=key) == made
    assert used(shop, made["codes"][0]) == 1
    other = shop.staff.post("/admin/coupon-batches", BATCH)
    assert not set(other["codes"]) & set(made["codes"])


def test_a_batch_that_was_interrupted_is_completed_by_the_same_request(shop: Shop, weather: Any) -> None:
    key = "a-key-of-16-chars"

    def die() -> None:
        raise ConnectionError

    calls = weather("BatchWriteItem", [lambda: None, die])
    body = json.dumps(BATCH)
    status, _, _ = shop.staff.send("POST", "/admin/coupon-batches", body, **{"Idempotency-Key": key})
    assert (status, calls.count("BatchWriteItem")) == (500, 2)
    made = shop.staff.post("/admin/coupon-batches", BATCH, key=key)
    assert listed(shop, 100)[0] == sorted(made["codes"])


def listed(shop: Shop, limit: int) -> tuple[list[str], int]:
    codes: list[str] = []
    pages, cursor = 0, ""
    while True:
        page = shop.staff.get(f"/admin/coupons?promotion=welcome&limit={limit}{cursor}")
        codes += [one["code"] for one in page["data"]]
        pages += 1
        if page["next_cursor"] is None:
            return codes, pages
        cursor = f"&cursor={page['next_cursor']}"


def test_a_promotions_coupons_are_listed_in_pages(shop: Shop) -> None:
    made = shop.staff.post("/admin/coupon-batches", BATCH)["codes"]
    promote(shop, "other")
    coupon(shop, "OTHER", promotion="other")
    codes, pages = listed(shop, 25)
    assert (codes, pages) == (sorted(made), 3)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"count": 1001}, "/count"),
        ({"count": 0}, "/count"),
        ({"prefix": "#"}, "/prefix"),
        ({"promotion": "no"}, "/promotion"),
    ],
)
def test_a_batch_that_can_not_be_is_refused(shop: Shop, changed: Json, pointer: str) -> None:
    refused = refusal(shop.staff.post, "/admin/coupon-batches", {**BATCH, **changed})
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_discounts_of_an_order_add_up(shop: Shop) -> None:
    shop.product("tea", variants=[{"sku": "TEA", "price": eur(333), "stock": {"ams": 9}}])
    promote(shop, effect={"type": "amount_off", "amounts": [eur(1000)]})
    coupon(shop)
    cart = shop.ready_cart(("MUG", 1), ("TEA", 2))
    cart.post("/coupons", {"code": "HELLO"})
    order = cart.check_out()["order"]
    paid = [Money(**line["to_pay"]).amount for line in order["lines"]]
    assert (
        sum(paid) + order["shipping_option"]["to_pay"]["amount"] == order["total"]["amount"] == 1290 + 666 - 1000 + 495
    )
