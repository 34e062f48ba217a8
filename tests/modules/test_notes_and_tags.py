"""What staff write to an order for each other, and a timeline that says who did what."""

from typing import Any

import buyers
import pytest
from inprocess import OWNER, Order, Shop, eur
from refusals import refusal

from chalicelib.orders.handling import notes


@pytest.fixture
def order(shop: Shop) -> Order:
    shop.product()
    return shop.order()


def note(shop: Shop, order: Order, text: str, key: str | None = None) -> Any:
    return shop.staff.post(f"/admin/orders/{order.id}/notes", {"text": text}, key=key)


def seen_by_staff(shop: Shop, order: Order) -> Any:
    return shop.staff.get(f"/admin/orders/{order.id}")


def test_notes_stand_in_the_order_of_time_and_customers_see_none(shop: Shop, order: Order) -> None:
    made = [note(shop, order, text) for text in ("Called, no answer.", "龙 called back.", "Sends a gift.")]
    assert seen_by_staff(shop, order)["notes"] == made
    assert {entry["by"] for entry in made} == {OWNER["sub"]}
    assert "notes" not in order.get()
    assert "called" not in str(order.get()).lower()


def test_the_same_note_again_is_one_note(shop: Shop, order: Order) -> None:
    first, again = (note(shop, order, "Called.", key="a-key-of-16-chars") for _ in range(2))
    assert first == again
    assert seen_by_staff(shop, order)["notes"] == [first]
    assert note(shop, order, "Called.")["id"] != first["id"]


def test_an_order_has_so_many_notes_and_no_more(shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_NOTES", 2)
    for text in ("one", "two"):
        note(shop, order, text, key=f"a-key-of-16-chars-{text}")
    assert refusal(note, shop, order, "three")["code"] == "too_many_notes"
    assert note(shop, order, "two", key="a-key-of-16-chars-two")["text"] == "two"


def test_tags_are_what_was_said_last(shop: Shop, order: Order) -> None:
    path = f"/admin/orders/{order.id}/tags"
    assert shop.staff.put(path, {"tags": ["rush", "gift", "rush"]})["tags"] == ["gift", "rush"]
    version = seen_by_staff(shop, order)["version"]
    shop.staff.put(path, {"tags": ["rush", "gift"]})
    assert seen_by_staff(shop, order)["version"] == version
    assert shop.staff.get("/admin/orders?tag=gift")["data"][0]["tags"] == ["gift", "rush"]
    assert shop.staff.put(path, {"tags": []})["tags"] == []
    assert shop.staff.get("/admin/orders?tag=gift")["data"] == []
    assert "tags" not in order.get()


@pytest.mark.parametrize(
    ("below", "body", "pointer"),
    [
        ("/notes", {"text": ""}, "/text"),
        ("/notes", {"text": " \n"}, "/text"),
        ("/notes", {"text": "x" * 2001}, "/text"),
        ("/notes", {}, "/text"),
        ("/tags", {"tags": [""]}, "/tags/0"),
        ("/tags", {"tags": ["ok", " x"]}, "/tags/1"),
        ("/tags", {"tags": ["x"] * 21}, "/tags"),
        ("/tags", {}, "/tags"),
    ],
)
def test_what_can_not_be_written_is_named(shop: Shop, order: Order, below: str, body: Any, pointer: str) -> None:
    write = shop.staff.put if below == "/tags" else shop.staff.post
    refused = refusal(write, f"/admin/orders/{order.id}{below}", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


@pytest.mark.parametrize("order_id", ["ord_x", "x", "ord_01kdyhq2wgf3v8m6t4x9c7b5az"])
def test_nothing_is_written_to_an_order_that_is_not_there(shop: Shop, order_id: str) -> None:
    assert refusal(shop.staff.post, f"/admin/orders/{order_id}/notes", {"text": "x"})["status"] == 404
    assert refusal(shop.staff.put, f"/admin/orders/{order_id}/tags", {"tags": ["x"]})["status"] == 404


def test_the_timeline_says_who_called_an_order_off(shop: Shop, order: Order) -> None:
    shop.staff.post(f"/admin/orders/{order.id}/cancel", {"reason": "sold out"})
    *earlier, canceled = seen_by_staff(shop, order)["timeline"]
    assert (canceled["name"], canceled["by"]) == ("canceled", OWNER["sub"])
    assert {entry["by"] for entry in earlier} == {None}
    assert OWNER["sub"] not in str(order.get())


def test_every_event_of_an_order_has_a_name_on_its_timeline() -> None:
    from chalicelib.core.events import Event
    from chalicelib.logistics.events import ShipmentEvent
    from chalicelib.orders import service
    from chalicelib.orders.events import OrderEvent
    from chalicelib.payments.events import PaymentEvent

    def ends(kind: type[Event]) -> set[str]:
        below = kind.__subclasses__()
        return set().union(*map(ends, below)) if below else {kind.name()}

    assert set(service._TIMELINE) >= ends(OrderEvent) | ends(ShipmentEvent) | ends(PaymentEvent)


def test_an_orders_whole_life_stands_on_its_timeline(shop: Shop, order: Order) -> None:
    buyers.deliver(shop, order)
    told = [event for event in shop.events() if not event["name"].startswith("Product")]
    entries = seen_by_staff(shop, order)["timeline"]
    assert len(entries) == len(told)
    assert [entry["name"] for entry in entries][:2] == ["placed", "confirmed"]
    who = {entry["name"]: entry["by"] for entry in entries}
    by_staff = {"shipment_packed", "shipment_dispatched", "shipment_delivered"}
    assert {name for name, by in who.items() if by == OWNER["sub"]} == by_staff
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {"reason": "a scratch", "amount": eur(100)})
    shop.deliver()
    refunded = seen_by_staff(shop, order)["timeline"][-1]
    assert (refunded["name"], refunded["by"]) == ("refund_succeeded", OWNER["sub"])
    assert OWNER["sub"] not in str(order.get())
