"""The benches measure what the shop does today. What they find is in docs/performance.md."""

import boto3
import pytest
from inprocess import Shop
from strict_stripe import StripeServer

from bench import order, pages
from bench.figures import Section


@pytest.fixture
def furnished(shop: Shop) -> Shop:
    boto3.client("events").create_event_bus(Name="shop")
    shop.staff.put("/admin/order-policy", {})  # the caps that every shop begins with
    for handle in ("mug", "bowl", "plate"):
        shop.product(handle, stock={"ams": 50, "sha": 50})
    shop.ready_cart(("MUG", 1))
    shop.staff.get("/admin/order-policy")
    return shop


def figures(section: Section) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in section.figures}


def test_the_requests_of_a_page_are_counted(furnished: Shop, bank: StripeServer) -> None:
    told = figures(pages.measure(furnished, bank))
    assert told["product page"] == 1
    assert told["checkout by card, before the provider's call"] == 3
    assert told["checkout by card, after the provider's call"] == 1


@pytest.mark.parametrize("method", ["cash_on_delivery", "card"])
def test_an_order_is_followed_to_the_doorstep(furnished: Shop, bank: StripeServer, method: str) -> None:
    section = order.measure(furnished, bank, method, "moto counts no capacity")
    told = figures(section)
    assert told["write units"] is None
    assert len(section.details) - 1 == told["function invocations"]
    assert (told["calls of the payment provider"] == 0) == (method == "cash_on_delivery")
