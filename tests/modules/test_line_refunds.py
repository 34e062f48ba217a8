"""Staff give back what was paid for some pieces, each of them once."""

from typing import Any

import pytest
from buyers import deliver
from inprocess import Shop, eur
from refusals import refusal


@pytest.fixture
def order(shop: Shop) -> Any:
    """Three mugs at 12.90, for which 10 were taken off in all, and a bowl at 24.50."""
    shop.product("mug", stock={"ams": 5})
    shop.staff.post(
        "/admin/products",
        {
            "handle": "bowl",
            "title": "Bowl",
            "status": "published",
            "variants": [{"sku": "BOWL", "price": eur(2450), "stock": {"ams": 5}}],
        },
    )
    off = {"type": "amount_off", "amounts": [eur(1000)]}
    shop.staff.put("/admin/promotions/ten", {"name": "Ten", "effect": off, "conditions": {"lines": {"skus": ["MUG"]}}})
    placed = shop.order(("MUG", 3), ("BOWL", 1))
    deliver(shop, placed)
    return placed


def refund(shop: Shop, order: Any, key: str | None = None, **body: Any) -> Any:
    return shop.staff.post(f"/admin/orders/{order.id}/refunds", body, key=key)


def test_the_pieces_of_a_line_add_up_to_what_was_paid_for_it(shop: Shop, order: Any) -> None:
    paid = next(line["to_pay"]["amount"] for line in order.get()["lines"] if line["sku"] == "MUG")
    parts = [refund(shop, order, lines={"MUG": 1})["amount"]["amount"] for _ in range(3)]
    assert sum(parts) == paid
    assert max(parts) - min(parts) <= 1


def test_no_piece_is_given_back_for_twice(shop: Shop, order: Any) -> None:
    refund(shop, order, lines={"MUG": 2})
    problem = refusal(refund, shop, order, lines={"BOWL": 1, "MUG": 2})
    assert (problem["status"], problem["code"], problem["pointer"]) == (409, "line_refunded", "/lines/MUG")
    assert problem["left"] == 1
    refund(shop, order, lines={"BOWL": 1, "MUG": 1})
    assert refusal(refund, shop, order, lines={"BOWL": 1})["code"] == "line_refunded"


def test_the_same_request_is_the_same_refund(shop: Shop, order: Any) -> None:
    key = "two-clicks-of-one-person"
    assert refund(shop, order, key, lines={"MUG": 1}) == refund(shop, order, key, lines={"MUG": 1})
    assert len(shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"]) == 1


def test_two_clicks_at_once_do_not_give_back_for_one_piece_twice(shop: Shop, order: Any, weather: Any) -> None:
    """The second one is committed while the first one has read and not yet written."""
    weather("TransactWriteItems", [lambda: refund(shop, order, lines={"BOWL": 1})])
    assert refusal(refund, shop, order, lines={"BOWL": 1})["code"] == "payment_changed"
    assert len(shop.staff.get(f"/admin/orders/{order.id}/refunds")["data"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": {"PLATE": 1}}, "/lines/PLATE"),
        ({"lines": {"MUG": 0}}, "/lines"),
        ({"lines": {}}, "/lines"),
        ({"lines": {"MUG": 1}, "amount": eur(1)}, "/lines"),
    ],
)
def test_what_can_not_be_meant_is_named(shop: Shop, order: Any, body: Any, pointer: str) -> None:
    problem = refusal(refund, shop, order, **body)
    assert problem["status"] == 422
    assert problem["pointer"] == pointer
