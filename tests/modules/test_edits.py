"""Staff edit orders: other quantities, further lines, another address; and the difference is paid or goes back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from amending import edit, paid, quantities, refused_edit, send, steady
from inprocess import ADDRESS, Buyer, Shop, eur, usd
from refusals import refusal
from strict_stripe import StripeServer

Json = dict[str, Any]
KEY = "the-key-of-this-change"


def test_an_edit_is_seen_before_it_is_made(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    shop.product("bowl", stock={"ams": 2})
    order = buy(2)
    paid(shop, bank, order)
    seen = edit(shop, order, set={"MUG": 1}, add={"BOWL": 2}, dry_run=True)
    assert (seen["previous_total"], seen["total"], seen["to_pay"], seen["to_give_back"], seen["order"]) == (
        eur(3075),
        eur(4365),
        eur(1290),
        eur(0),
        None,
    )
    assert (quantities(order.get()), steady(shop), steady(shop, "BOWL")) == ({"MUG": 2}, (3, 2), (2, 0))
    assert refused_edit(shop, order, set={"MUG": 1}, expected_total=eur(1))["code"] == "total_changed"
    made = edit(shop, order, set={"MUG": 1}, add={"BOWL": 2}, expected_total=seen["total"])
    assert made["order"]["total"] == seen["total"]
    assert quantities(made["order"]) == {"MUG": 1, "BOWL": 2}
    assert (steady(shop), steady(shop, "BOWL")) == ((4, 1), (0, 2))


def test_what_an_edit_adds_is_paid_before_anything_is_sent(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    paid(shop, bank, order)
    edit(shop, order, set={"MUG": 3})
    shop.hear(bank)
    assert order.get()["payment_status"] == "partially_authorized"
    send(shop, order, "pack")
    shop.hear(bank)
    assert order.get()["payment_status"] == "partially_paid"
    parcel = order.parcel()
    path = f"/admin/shipments/{parcel}/dispatch"
    assert refusal(shop.staff.post, path, {"tracking_number": "T"})["code"] == "payment_not_secured"
    # Nobody calls an order off that was paid and only became dearer.
    travel(timedelta(days=5))
    shop.expire()
    assert order.get()["status"] == "confirmed"
    session = order.post("/payments")
    assert session["amount"] == eur(2580)
    bank.pay(session["client_secret"])
    shop.hear(bank)
    send(shop, order, "dispatch", "deliver")
    shop.hear(bank)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")


def test_an_order_that_became_dearer_and_whose_promise_lapsed_is_called_off(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], travel: Callable[[timedelta], None]
) -> None:
    order = buy()
    paid(shop, bank, order)
    edit(shop, order, set={"MUG": 2})
    bank.pay(order.post("/payments")["client_secret"])
    shop.hear(bank)
    edit(shop, order, set={"MUG": 3})
    bank.lapse("pi_000001")
    shop.hear(bank)
    travel(timedelta(days=3))
    shop.expire()
    shop.hear(bank)
    assert (order.get()["status"], steady(shop)) == ("canceled", (5, 0))
    assert {intent["status"] for intent in bank.intents.values()} == {"canceled"}


def test_an_edit_of_what_is_paid_at_the_door_is_paid_at_the_door(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    edit(shop, order, set={"MUG": 4})
    shop.deliver()
    send(shop, order, "pack", "dispatch", "deliver")
    shop.deliver()
    assert order.get()["status"] == "completed"
    assert order.api.get(f"/payments/{order.placed['payment']['id']}")["captured"] == eur(4 * 1290 + 495)


def test_more_pieces_cost_what_the_line_costs_and_new_lines_what_they_cost_now(shop: Shop) -> None:
    made = shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    variant = {**made["variants"][0], "price": eur(9900)}
    variant = {key: variant[key] for key in ("sku", "price")}
    shop.staff.put(
        f"/admin/products/{made['id']}", {"handle": "mug", "title": "Mug", "status": "published", "variants": [variant]}
    )
    assert shop.cart(("MUG", 1)).get()["totals"]["items"] == eur(9900)
    assert edit(shop, order, set={"MUG": 2})["total"] == eur(2 * 1290 + 495)
    shop.product("bowl", stock={"ams": 5})
    assert edit(shop, order, add={"BOWL": 1})["total"] == eur(3 * 1290 + 495)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"set": {"BOWL": 1}}, "invalid_field", "/set/BOWL"),
        ({"add": {"MUG": 1}}, "invalid_field", "/add/MUG"),
        ({"add": {"CUP": 1}}, "invalid_field", "/add/CUP"),
        ({"set": {"MUG": 0}}, "invalid_field", "/set"),
        ({"set": {"MUG": 99}}, "out_of_stock", None),
        ({"set": {"MUG": 2}, "address": ADDRESS}, "invalid_field", "/address"),
        ({"address": {**ADDRESS, "country": "DE", "postal_code": "10115"}}, "address_changes_price", "/address"),
        ({"set": {"MUG": 2}, "expected_total": usd(5)}, "total_changed", "/expected_total"),
    ],
)
def test_an_edit_that_can_not_be_is_refused_with_its_field(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer], body: Json, code: str, pointer: str | None
) -> None:
    order = buy()
    paid(shop, bank, order)
    refused = refused_edit(shop, order, **body)
    assert (refused["code"], refused.get("pointer")) == (code, pointer)
    if "expected_total" not in body:
        assert refused_edit(shop, order, **body, dry_run=True)["code"] == code
    assert (order.get()["total"], steady(shop)) == (eur(1785), (4, 1))


def test_an_unpaid_order_is_not_edited(shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]) -> None:
    assert refused_edit(shop, buy(), set={"MUG": 2})["code"] == "wrong_state"


def test_an_address_is_put_right_until_something_is_sent(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    other = {**ADDRESS, "line1": "Damrak 1"}
    now = edit(shop, order, address=other)
    assert (now["order"]["shipping_address"]["line1"], now["total"]) == ("Damrak 1", now["previous_total"])
    version = order.get()["version"]
    edit(shop, order, address=other)
    assert order.get()["version"] == version
    send(shop, order, "pack", "dispatch")
    assert refused_edit(shop, order, address=ADDRESS)["code"] == "already_dispatched"


def test_an_address_does_not_change_while_the_parcel_is_handed_over(shop: Shop, weather: Any) -> None:
    shop.product("mug", stock={"ams": 5})
    order = shop.order(("MUG", 1))
    shop.deliver()
    send(shop, order, "pack")
    weather("TransactWriteItems", [lambda: send(shop, order, "dispatch")])
    assert refused_edit(shop, order, address={**ADDRESS, "line1": "Damrak 1"})["code"] == "already_dispatched"


@pytest.mark.parametrize("included", [True, False])
def test_what_is_added_is_taxed_where_the_order_goes_and_all_parts_add_up(shop: Shop, included: bool) -> None:
    zone = {"id": "nl", "name": "Netherlands", "country": "NL", "rates": [{"name": "BTW", "percent": "21"}]}
    settings = {"home": {"country": "NL"}, "zones": [zone], "prices_include_tax": included, "version": 0}
    shop.staff.put("/admin/tax-settings", settings)
    shop.product("mug", stock={"ams": 9})
    shop.product("bowl", stock={"ams": 9})
    order = shop.order(("MUG", 3))
    shop.deliver()
    for change in ({"set": {"MUG": 5}}, {"set": {"MUG": 2}, "add": {"BOWL": 1}}, {"set": {"BOWL": 4}}):
        now = edit(shop, order, **change)
        for line in now["lines"]:
            (tax,) = line["taxes"]
            assert (tax["rate"], tax["included"]) == ("21", included)
            net = line["to_pay"]["amount"] - tax["amount"]["amount"]
            assert tax["base"]["amount"] == net
            assert abs(tax["amount"]["amount"] - net * 21 / 100) <= len(now["lines"])
        paid = [part["to_pay"]["amount"] for part in (*now["lines"], now["order"]["shipping_option"])]
        assert sum(paid) == now["total"]["amount"]
    address = {**ADDRESS, "line1": "Damrak 1"}
    assert edit(shop, order, address=address)["total"] == now["total"]
