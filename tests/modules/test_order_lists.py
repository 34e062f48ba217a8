"""Staff's lists of orders: what they look for, page by page, without reading what nobody asked for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import buyers
import pytest
from inprocess import Buyer, Gateway, Shop
from refusals import refusal
from strict_stripe import StripeServer

from chalicelib.core import clock
from chalicelib.orders.finding import order_lists


def ids(shop: Shop, query: str = "", limit: int = 100) -> list[str]:
    path = f"/admin/orders?{query}"
    return [order["id"] for order in buyers.all_pages(shop.staff.get, path, limit)]


@pytest.fixture
def several(shop: Shop) -> list[str]:
    """Seven orders that are confirmed, of one guest, the newest first."""
    shop.product(stock={"ams": 100})
    return [shop.order().id for _ in range(7)][::-1]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    moments: list[datetime] = []
    monkeypatch.setattr(clock, "now", lambda: moments[-1])
    return moments.append


@pytest.mark.parametrize("limit", [1, 3, 7, 8])
@pytest.mark.parametrize("query", ["", "status=confirmed", "email=guest@jishi.example", "payment_status=unpaid"])
def test_every_list_is_paged_to_its_end_once(shop: Shop, several: list[str], query: str, limit: int) -> None:
    assert ids(shop, query, limit) == several


def test_an_order_is_on_the_list_of_its_state_and_on_no_other(shop: Shop, several: list[str]) -> None:
    shop.staff.post(f"/admin/orders/{several[0]}/cancel")
    buyers.deliver(shop, shop.order())
    assert ids(shop, "status=canceled") == several[:1]
    assert ids(shop, "status=confirmed") == several[1:]
    assert len(ids(shop, "status=completed")) == 1
    assert ids(shop, "status=expired") == ids(shop, "status=pending_payment") == []


def test_an_order_waits_for_its_payment_and_then_does_not(
    shop: Shop, bank: StripeServer, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    assert ids(shop, "status=pending_payment&payment_method=card") == [order.id]
    bank.pay(order.secret)
    shop.hear(bank)
    assert ids(shop, "status=pending_payment") == []
    assert ids(shop, "status=confirmed") == ids(shop, "payment_status=authorized") == [order.id]
    assert ids(shop, "payment_method=cash_on_delivery") == []


def test_orders_are_found_by_whose_they_are(shop: Shop, several: list[str]) -> None:
    ann = shop.customer("ann")
    hers = shop.cart_of(ann, ("MUG", 1)).check_out(email="Ann@Jishi.Example")["order"]["id"]
    assert ids(shop, "customer=sub-of-ann") == [hers]
    assert ids(shop, "email=%20ann@jishi.EXAMPLE") == [hers]
    assert ids(shop, "email=ann@jishi.example&status=canceled") == []
    assert ids(shop, "email=guest@jishi.example&customer=sub-of-ann") == []
    assert ids(shop, "customer=nobody") == ids(shop, "email=nobody@jishi.example") == []


def test_a_claimed_order_is_on_its_customers_list(shop: Shop) -> None:
    shop.product()
    order = shop.order()
    ann = shop.customer()
    ann.with_headers(**{"Order-Token": order.placed["order_token"]}).post("/me/orders", {"order_id": order.id})
    assert ids(shop, "customer=sub-of-ann") == [order.id]


def test_a_range_of_dates_holds_its_beginning_and_not_its_end(shop: Shop, at: Callable[[datetime], None]) -> None:
    at(datetime(2026, 1, 1, tzinfo=UTC))
    shop.product(stock={"ams": 100})
    placed = {}
    for month in (1, 2, 3, 4):
        at(datetime(2026, month, 10, tzinfo=UTC))
        placed[month] = shop.order().id
    at(datetime(2026, 4, 20, tzinfo=UTC))
    for query in ("", "&email=guest@jishi.example", "&status=confirmed"):
        whole = f"from=2026-02-10T00:00:00Z&until=2026-04-10T00:00:00Z{query}"
        assert ids(shop, whole) == ids(shop, whole, 1) == [placed[3], placed[2]]
        assert ids(shop, f"from=2026-02-10T00:00:00.001Z{query}") == [placed[4], placed[3]]
        assert ids(shop, f"until=2026-02-10T00:00:00Z{query}") == [placed[1]]


def test_what_is_over_is_listed_by_its_months(shop: Shop, at: Callable[[datetime], None]) -> None:
    at(datetime(2024, 11, 5, tzinfo=UTC))
    shop.product(stock={"ams": 100})
    old = shop.order().id
    at(datetime(2026, 1, 1, tzinfo=UTC))
    new = shop.order().id
    at(datetime(2026, 1, 31, tzinfo=UTC))
    assert ids(shop, "status=confirmed") == [new, old]
    for order in (old, new):
        shop.staff.post(f"/admin/orders/{order}/cancel")
    assert ids(shop, "status=canceled") == ids(shop) == [new]
    assert ids(shop, "status=canceled&from=2020-01-01T00:00:00Z") == [new, old]
    assert ids(shop, "from=0001-01-01T00:00:00Z") == [new, old]
    assert ids(shop, "until=0001-01-01T00:00:00Z") == []


def test_what_is_read_for_a_page_has_a_bound_and_the_cursor_goes_on(
    shop: Shop, several: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_lists, "MOST_READ", 3)
    monkeypatch.setattr(order_lists, "_CHUNK", 3)
    shop.staff.put(f"/admin/orders/{several[-1]}/tags", {"tags": ["rush"]})
    pages, cursor = [], ""
    while cursor is not None:
        page = shop.staff.get(f"/admin/orders?tag=rush&limit=2{cursor and f'&cursor={cursor}'}")
        pages.append([order["id"] for order in page["data"]])
        cursor = page["next_cursor"]
    assert pages == [[], [], several[-1:]]


def test_an_empty_year_ends_a_page_and_not_the_list(shop: Shop, at: Callable[[datetime], None]) -> None:
    at(datetime(2023, 1, 5, tzinfo=UTC))
    shop.product()
    old = shop.order().id
    at(datetime(2026, 1, 5, tzinfo=UTC))
    page = shop.staff.get("/admin/orders?from=2022-01-01T00:00:00Z")
    assert page["data"] == []
    assert page["next_cursor"]
    assert ids(shop, "from=2022-01-01T00:00:00Z") == [old]


def test_a_filter_is_kept_for_all_and_used_by_its_name(shop: Shop, several: list[str]) -> None:
    shop.staff.put(f"/admin/orders/{several[2]}/tags", {"tags": ["gift", "rush"]})
    shop.staff.post(f"/admin/orders/{several[3]}/cancel")
    wanted = {"name": "Gifts to pack", "filter": {"status": "confirmed", "tag": "gift"}}
    kept = shop.staff.put("/admin/order-filters/gifts", wanted)
    assert kept["filter"] | wanted["filter"] == kept["filter"]
    assert shop.staff.get("/admin/order-filters")["data"] == [kept] == [shop.staff.get("/admin/order-filters/gifts")]
    assert ids(shop, "filter=gifts") == [several[2]]
    assert ids(shop, "filter=gifts&tag=none") == []
    shop.staff.put("/admin/order-filters/gifts", {"name": "Off", "filter": {"status": "canceled"}})
    assert ids(shop, "filter=gifts") == [several[3]]
    assert len(ids(shop, "filter=gifts&status=confirmed")) == 6
    shop.staff.delete("/admin/order-filters/gifts")
    assert refusal(shop.staff.get, "/admin/orders?filter=gifts")["status"] == 404
    assert refusal(shop.staff.delete, "/admin/order-filters/gifts")["status"] == 404


def test_a_filter_of_days_moves_with_the_clock(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    shop.product()
    order = shop.order().id
    shop.staff.put("/admin/order-filters/week", {"name": "This week", "filter": {"days": 7}})
    assert ids(shop, "filter=week") == [order]
    travel(timedelta(days=8))
    assert ids(shop, "filter=week") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=lost", "/query/status"),
        ("payment_status=disputed-perhaps", "/query/payment_status"),
        ("from=yesterday", "/query/from"),
        ("until=2026-01-01T00:00:00", "/query/until"),
        ("from=null", "/query/from"),
        ("on_hold=perhaps", "/query/on_hold"),
        ("colour=red", "/query/colour"),
        ("cursor=Zm9v", "/query/cursor"),
        ("cursor=MjAyNi0xMy0wMVQwMDowMDowMC4wMDBa", "/query/cursor"),
        ("tag=", "/query/tag"),
        ("filter=NO", "/query/filter"),
    ],
)
def test_what_can_not_be_looked_for_is_named(shop: Shop, query: str, pointer: str) -> None:
    refused = refusal(shop.staff.get, f"/admin/orders?{query}")
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_the_api_document_calls_the_beginning_from(shop: Shop) -> None:
    parameters: Any = shop.guest.get("/openapi.json")["paths"]["/admin/orders"]["get"]["parameters"]
    assert {"from", "until", "number", "filter"} <= {parameter["name"] for parameter in parameters}


def test_customers_see_nothing_of_it(shop: Shop, several: list[str]) -> None:
    ann: Gateway = shop.customer()
    shop.cart_of(ann, ("MUG", 1)).check_out()
    assert not ann.get("/me/orders")["data"][0].keys() & {"tags", "hold", "customer_id", "notes"}
