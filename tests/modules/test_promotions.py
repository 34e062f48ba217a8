"""Promotions as staff keep them, and what carts and orders make of them."""

from typing import Any

from inprocess import ADDRESS, Shop, eur
from refusals import refusal

Json = dict[str, Any]
TENTH = {"type": "percent_off", "percent": 10}


def promote(shop: Shop, promotion_id: str = "sale", **fields: Any) -> Json:
    body = {"name": promotion_id.capitalize(), "effect": TENTH, **fields}
    return shop.staff.put(f"/admin/promotions/{promotion_id}", body)


def taken_off(cart: Json) -> int:
    return int(cart["totals"]["discount"]["amount"])


def test_a_promotion_is_seen_in_the_cart_and_kept_by_the_order(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart(("MUG", 2))
    promote(shop)
    (line,) = cart.get()["lines"]
    assert line["discounts"] == [{"promotion": "sale", "name": "Sale", "amount": eur(258)}]
    assert (line["total"], line["to_pay"]) == (eur(2580), eur(2322))
    order = shop.order_of(cart.check_out())
    shop.staff.call("DELETE", "/admin/promotions/sale")
    assert order.get()["lines"][0]["discounts"] == line["discounts"]
    assert order.get()["total"] == eur(2322 + 495)
    assert taken_off(shop.ready_cart().get()) == 0


def test_what_changes_a_cart_answers_with_its_discounts(shop: Shop) -> None:
    shop.product()
    promote(shop)
    promote(shop, "sent", effect={"type": "free_shipping"})
    cart = shop.cart(("MUG", 2))
    cart.put("/shipping-address", ADDRESS)
    seen = cart.put("/shipping-option", {"id": "standard"})
    assert seen["totals"] == cart.get()["totals"]
    assert seen["totals"]["total"] == eur(2322)
    assert seen["shipping_option"]["discounts"] == [{"promotion": "sent", "name": "Sent", "amount": eur(495)}]
    assert cart.check_out()["order"]["total"] == eur(2322)


def test_an_order_that_costs_nothing_is_confirmed_at_once(shop: Shop) -> None:
    shop.product()
    promote(shop, effect={"type": "percent_off", "percent": 100})
    promote(shop, "sent", effect={"type": "free_shipping"})
    placed = shop.ready_cart().check_out(payment_method="card")
    assert (placed["order"]["total"], placed["order"]["status"]) == (eur(0), "confirmed")


def test_a_promotion_that_began_meanwhile_is_shown_before_the_order_is_placed(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    wish = cart.wish()
    promote(shop)
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["code"], taken_off(refused["cart"])) == ("cart_changed", 129)
    assert cart.check_out()["order"]["total"] == eur(1290 - 129 + 495)


def test_a_promotion_of_a_category_is_of_what_stands_below_it(shop: Shop) -> None:
    shop.staff.put("/admin/categories/table", {"name": "Table"})
    shop.staff.put("/admin/categories/cups", {"name": "Cups", "parent": "table"})
    shop.product("mug", category="cups")
    shop.product("tea")
    promote(shop, conditions={"lines": {"categories": ["table"]}})
    cart = shop.cart(("MUG", 1), ("TEA", 1))
    assert taken_off(cart.get()) == 129
    assert taken_off(cart.patch("/items/MUG", {"quantity": 2})) == 258


def test_a_promotion_of_a_collection_is_of_what_belongs_to_it(shop: Shop) -> None:
    shop.staff.put("/admin/collections/summer", {"name": "Summer", "rule": "tag = summer"})
    shop.product("mug", tags=["summer"])
    shop.product("tea")
    promote(shop, conditions={"lines": {"collections": ["summer"]}})
    assert taken_off(shop.cart(("MUG", 1), ("TEA", 1)).get()) == 129


def test_a_promotion_of_a_collection_is_of_what_was_chosen_for_it(shop: Shop) -> None:
    shop.staff.put("/admin/collections/gifts", {"name": "Gifts"})
    shop.staff.put("/admin/collections/gifts/products", {"products": [shop.product("mug")["id"]]})
    shop.product("tea")
    limits = {"lines": {"collections": ["gifts"]}}
    assert taken_off(preview(shop, promotion={**TRIED, "conditions": limits})[1]) == 1290
    promote(shop, conditions=limits)
    cart = shop.cart(("MUG", 1), ("TEA", 1))
    assert taken_off(cart.get()) == taken_off(cart.put("/shipping-address", ADDRESS)) == 129


def test_a_promotion_of_a_group_is_for_its_members(shop: Shop) -> None:
    shop.product()
    promote(shop, conditions={"groups": ["vip"]})
    assert taken_off(shop.cart(("MUG", 1)).get()) == 0
    assert taken_off(shop.cart_of(shop.customer("ben"), ("MUG", 1)).get()) == 0
    cart = shop.cart_of(shop.member("ann", "vip"), ("MUG", 1))
    assert taken_off(cart.get()) == taken_off(cart.put("/shipping-address", ADDRESS)) == 129
    assert cart.check_out()["order"]["totals"]["discount"] == eur(129)


def first_orders(shop: Shop) -> None:
    shop.product()
    promote(shop, "welcome", conditions={"first_order": True})


def test_a_first_order_is_a_customers_who_has_none(shop: Shop) -> None:
    first_orders(shop)
    assert taken_off(shop.cart(("MUG", 1)).get()) == 0  # a guest may have had a hundred
    ann = shop.customer("ann")
    first = shop.cart_of(ann, ("MUG", 1)).check_out()
    assert first["order"]["totals"]["discount"] == eur(129)
    assert taken_off(shop.cart_of(ann, ("MUG", 1)).get()) == 0


def test_a_first_order_that_was_canceled_was_none(shop: Shop) -> None:
    first_orders(shop)
    ann = shop.customer("ann")
    for _ in range(2):
        placed = shop.cart_of(ann, ("MUG", 1)).check_out()
        assert placed["order"]["totals"]["discount"] == eur(129)
        ann.post(f"/me/orders/{placed['order']['id']}/cancel", {})


def test_what_there_is_for_a_first_order_is_given_once(shop: Shop) -> None:
    """Even if the cart was taken before an order that it does not know of."""
    from chalicelib.orders.promotions.promotion_tables import FirstOrder, first_order_key

    first_orders(shop)
    cart = shop.cart_of(shop.customer("ann"), ("MUG", 1))
    wish = cart.wish()
    FirstOrder(**first_order_key("sub-of-ann"), order_id="ord_other").save()
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["code"], taken_off(refused["cart"])) == ("cart_changed", 0)


def test_a_promotion_that_makes_no_sense_is_refused_by_its_field(shop: Shop) -> None:
    for body, pointer in [
        ({"name": "Sale", "effect": {"type": "percent_off", "percent": 101}}, "/effect/percent"),
        ({"name": "Sale", "effect": {"type": "percent_off", "percent": True}}, "/effect/percent"),
        ({"name": "Sale", "effect": {"type": "magic"}}, "/effect/type"),
        ({"name": "Sale", "effect": TENTH, "conditions": {"vip": True}}, "/conditions/vip"),
        (
            {"name": "Sale", "effect": TENTH, "conditions": {"starts_at": "2026-05-01T00:00:00"}},
            "/conditions/starts_at",
        ),
        ({"name": "", "effect": TENTH}, "/name"),
    ]:
        refused = refusal(shop.staff.put, "/admin/promotions/sale", body)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert shop.staff.get("/admin/promotions")["data"] == []
    assert refusal(shop.staff.get, "/admin/promotions/sale")["status"] == 404
    assert refusal(shop.staff.call, "DELETE", "/admin/promotions/sale")["status"] == 404


def test_a_promotion_changes_and_goes(shop: Shop) -> None:
    assert promote(shop)["version"] == promote(shop)["version"] == 1
    assert promote(shop, priority=1)["version"] == 2
    (kept,) = shop.staff.get("/admin/promotions")["data"]
    assert kept == shop.staff.get("/admin/promotions/sale")
    assert (kept["effect"], kept["priority"]) == ({"type": "percent_off", "percent": "10", "of": "lines"}, 1)
    shop.staff.put("/admin/promotions/sale", {k: v for k, v in kept.items() if k not in ("id", "version")})
    assert shop.staff.get("/admin/promotions/sale")["version"] == 2
    shop.staff.call("DELETE", "/admin/promotions/sale")
    assert shop.staff.get("/admin/promotions")["data"] == []


def test_two_who_change_a_promotion_at_once_both_have_their_say(shop: Shop, weather: Any) -> None:
    promote(shop)
    weather("TransactWriteItems", [lambda: promote(shop, priority=1)])
    assert promote(shop, priority=2)["version"] == 3


TRIED: Json = {"name": "Half", "effect": {"type": "percent_off", "percent": 50}, "priority": 1}


def preview(shop: Shop, **fields: Any) -> tuple[Json, Json]:
    found = shop.staff.post("/admin/promotions/preview", {"lines": [{"sku": "MUG", "quantity": 2}], **fields})
    return found["without"], found["tried"]


def test_staff_see_what_a_promotion_would_do(shop: Shop) -> None:
    shop.product()
    promote(shop)
    before = shop.staff.get("/admin/promotions")
    without, tried = preview(shop, promotion=TRIED)
    assert (taken_off(without), without["promotions"]) == (258, ["sale"])
    assert (taken_off(tried), tried["promotions"]) == (1290 + 129, ["draft", "sale"])
    assert shop.staff.get("/admin/promotions") == before
    _, instead = preview(shop, promotion={**TRIED, "id": "sale", "needs_coupon": True, "active": False})
    assert instead["promotions"] == ["sale"]
    assert taken_off(instead) == 1290


def test_a_preview_is_for_whom_and_when_staff_say(shop: Shop) -> None:
    shop.product(category="cups")
    draft = {**TRIED, "conditions": {"groups": ["vip"], "first_order": True, "lines": {"categories": ["cups"]}}}
    assert taken_off(preview(shop, promotion=draft)[1]) == 0
    assert taken_off(preview(shop, promotion=draft, groups=["vip"], first_order=True)[1]) == 1290
    later = {**TRIED, "conditions": {"starts_at": "2900-01-01T00:00:00Z"}}
    assert taken_off(preview(shop, promotion=later)[1]) == 0
    assert taken_off(preview(shop, promotion=later, at="2900-01-01T00:00:00Z")[1]) == 1290


def test_a_preview_shows_shipping_and_coupons(shop: Shop) -> None:
    shop.product()
    promote(shop, "welcome", needs_coupon=True)
    shop.staff.post("/admin/coupons", {"code": "HELLO", "promotion": "welcome"})
    sent = {"name": "Sent", "effect": {"type": "free_shipping"}}
    without, tried = preview(shop, promotion=sent, country="NL", coupons=["hello"])
    assert (without["shipping"]["price"], without["totals"]["total"]) == (eur(495), eur(2580 - 258 + 495))
    assert (tried["promotions"], tried["totals"]["total"]) == (["welcome", "draft"], eur(2580 - 258))
    assert [coupon["status"] for coupon in tried["coupons"]] == ["applied"]
    refused = refusal(preview, shop, coupons=["hello", "nope"])
    assert (refused["status"], refused["pointer"]) == (422, "/coupons/1")
    refused = refusal(preview, shop, promotion={**TRIED, "effect": {"type": "percent_off", "percent": 0}})
    assert refused["pointer"] == "/promotion/effect/percent"


def test_what_is_not_for_sale_is_shown_so_in_a_preview(shop: Shop) -> None:
    without, _ = preview(shop, currency="EUR")
    assert [line["status"] for line in without["lines"]] == ["not_sold"]
    assert refusal(preview, shop, currency="JPY")["pointer"] == "/currency"
