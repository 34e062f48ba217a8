"""From the outbox over the bus, and again if something got lost."""

import json
from datetime import timedelta
from typing import Any

import pytest
from inprocess import CONTEXT, Shop

from chalicelib.core import outbox


class Bus:
    """A strict event bus: ten entries at most, and what it is told to refuse it refuses with 200, like EventBridge."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.taken: list[dict[str, str]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert 1 <= len(Entries) <= 10
        results = []
        for entry in Entries:
            if self.refuse:
                self.refuse -= 1
                results.append({"ErrorCode": "ThrottlingException"})
            else:
                self.taken.append(entry)
                results.append({"EventId": "e"})
        return {"FailedEntryCount": sum("ErrorCode" in r for r in results), "Entries": results}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = Bus()
    monkeypatch.setattr(outbox, "_bus", lambda: bus)
    return bus


def stream(shop: Shop) -> dict[str, Any]:
    """All outbox items, and one other item, as a stream brings them."""
    items = [i for i in shop.dynamodb.scan(TableName="test-orders")["Items"] if i["sk"]["S"] == "ORDER"]
    items += [i for i in shop.dynamodb.scan(TableName="test-orders")["Items"] if i["pk"]["S"].startswith("OUTBOX#")]
    record = {"eventName": "INSERT", "eventSourceARN": "arn:aws:dynamodb:r:a:table/t/stream/s", "awsRegion": "r"}
    return {
        "Records": [
            record
            | {
                "eventID": str(n),
                "dynamodb": {
                    "NewImage": item,
                    "Keys": {},
                    "SequenceNumber": str(n),
                    "StreamViewType": "N",
                    "ApproximateCreationDateTime": 0,
                    "SizeBytes": 1,
                },
            }
            for n, item in enumerate(items)
        ]
    }


def test_the_relay_puts_outbox_items_on_the_bus_and_nothing_else(shop: Shop, bus: Bus) -> None:
    from chalicelib.admin.consumers import admin_relay

    shop.product("mug", stock={"ams": 99})
    for _ in range(6):
        shop.order()
    admin_relay(stream(shop), CONTEXT)
    assert [entry["DetailType"] for entry in bus.taken].count("OrderPlaced") == 6
    assert len(bus.taken) == 12
    assert {entry["Source"] for entry in bus.taken} == {"jishi.orders"}
    assert {entry["EventBusName"] for entry in bus.taken} == {"shop"}


def test_the_relay_fails_if_one_event_is_refused(shop: Shop, bus: Bus) -> None:
    from chalicelib.admin.consumers import admin_relay

    shop.product()
    shop.order()
    bus.refuse = 1
    with pytest.raises(outbox.NotRelayed, match="1 of 2"):
        admin_relay(stream(shop), CONTEXT)


def test_events_of_a_period_are_sent_again_under_their_own_ids(shop: Shop, bus: Bus) -> None:
    from chalicelib.admin.console import admin_republish

    shop.product()
    shop.order()
    told = {event["id"] for event in shop.events()}
    assert admin_republish({"minutes": 5}, CONTEXT) == {"outcome": "done", "events": len(told)}
    assert {json.loads(entry["Detail"])["id"] for entry in bus.taken} == told
    long_ago = {"since": "2020-01-01T00:00:00Z", "until": "2020-01-01T01:00:00Z"}
    assert admin_republish(long_ago, CONTEXT) == {"outcome": "done", "events": 0}


def test_a_republishing_that_stopped_goes_on_where_it_was(shop: Shop, bus: Bus) -> None:
    from chalicelib.admin.console import admin_republish
    from chalicelib.core import clock

    shop.product()
    shop.order()
    told = {event["id"] for event in shop.events()}
    hour = clock.now().replace(minute=0, second=0)
    period = {"since": clock.stamp(hour), "until": clock.stamp(hour + timedelta(hours=2))}
    taken = bus.taken
    calm = bus.put_events

    def break_down(Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        bus.refuse = 1 if taken else 0
        return calm(Entries)

    bus.put_events = break_down
    with pytest.raises(outbox.NotRelayed):
        admin_republish(period, CONTEXT)
    bus.put_events = calm
    first = len(taken)
    assert first > 0
    again = admin_republish(period, CONTEXT)
    assert again["outcome"] == "done"
    assert 0 < again["events"] <= len(told)
    assert {json.loads(entry["Detail"])["id"] for entry in taken} == told


def test_staff_see_what_happened(shop: Shop) -> None:
    before = "2020-01-01T00:00:00Z"
    shop.product()
    assert shop.staff.get(f"/admin/events?since={before}")["data"] == []
    from chalicelib.core import clock

    hour = clock.stamp(clock.now().replace(minute=0, second=0, microsecond=0))
    names = [event["name"] for event in shop.staff.get(f"/admin/events?since={hour}")["data"]]
    assert names == ["ProductPublished"]


def test_staff_see_events_in_pages(shop: Shop) -> None:
    from chalicelib.core import clock

    for n in range(5):
        shop.product(f"p{n}")
    hour = clock.stamp(clock.now().replace(minute=0, second=0))
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/events?since={hour}&limit=2{cursor}")
        seen += [event["id"] for event in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [event["id"] for event in shop.events()]


def test_events_hold_no_personal_data(shop: Shop) -> None:
    shop.product()
    order = shop.order()
    order.post("/cancel", {"reason": "call me at +31 6 1234"})
    told = json.dumps(shop.events())
    for private in ("guest@jishi.example", "Lin Yue", "Prinsengracht", "1016", "+31 6", order.placed["order_token"]):
        assert private not in told


def test_one_bad_message_takes_no_other_with_it(shop: Shop) -> None:
    from chalicelib.logistics.consumers import logistics_events

    shop.product()
    shop.order()
    confirmed = next(event for event in shop.events() if event["name"] == "OrderConfirmed")
    bodies = ["no json", json.dumps({"detail-type": "Unheard", "detail": {}})]
    bodies.append(json.dumps({"detail-type": "OrderConfirmed", "detail": confirmed["detail"]}))
    records = [{"messageId": str(n), "body": body, "receiptHandle": "r"} for n, body in enumerate(bodies)]
    answer = logistics_events({"Records": records}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]}
    assert "ShipmentPlanned" in shop.names()
