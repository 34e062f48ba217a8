"""Pictures and reviews on the functions, queues, rules and roles that are deployed."""

import urllib.error
import urllib.request
from typing import Any

import pytest
from pictures import WHERE, jpeg, png

from infra.local.client import Api, Json, wait_for
from infra.local.demo.play import ADDRESS


def send(upload: Json, data: bytes, **changed: str) -> int:
    """Send a file as its link says, or otherwise; returns the status."""
    headers = {**upload["headers"], **changed}
    return fetch(urllib.request.Request(upload["url"], data=data, method=upload["method"], headers=headers))[0]


def fetch(request: Any) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def came(api: Api, path: str) -> Json:
    """The picture at `path` once it was checked."""
    wait_for("the check of a picture", lambda: api.get(path)["status"] != "awaiting_upload", 60)
    return api.get(path)


@pytest.fixture
def product(staff: Api) -> Json:
    variant = {"sku": "REVIEWED", "price": {"amount": 1000, "currency": "EUR"}, "stock": {"ams": 20}}
    body = {"handle": "reviewed", "title": "Reviewed thing", "status": "published", "variants": [variant]}
    return staff.post("/admin/products", body)


def bought(guest: Api, staff: Api) -> tuple[Api, str]:
    """A guest's order that was delivered, and its path."""
    made = guest.post("/carts")
    cart, path = guest.with_headers(**{"Cart-Token": made["cart_token"]}), f"/carts/{made['id']}"
    cart.post(f"{path}/items", {"sku": "REVIEWED", "quantity": 2})
    cart.put(f"{path}/shipping-address", ADDRESS)
    now = cart.put(f"{path}/shipping-option", {"id": "standard"})
    wish = {"email": "guest@jishi.example", "payment_method": "cash_on_delivery"}
    agreed = {"cart_version": now["version"], "expected_total": now["totals"]["total"]}
    placed = cart.post(f"{path}/checkout", wish | agreed)
    order, path = guest.with_headers(**{"Order-Token": placed["order_token"]}), f"/orders/{placed['order']['id']}"
    wait_for("parcels", lambda: bool(order.get(f"{path}/shipments")["data"]), 60)
    for parcel in order.get(f"{path}/shipments")["data"]:
        for step, body in (("pack", {}), ("dispatch", {"carrier": "postnl", "tracking_number": "T"}), ("deliver", {})):
            staff.post(f"/admin/shipments/{parcel['id']}/{step}", body)
    return order, path


def test_an_upload_link_takes_exactly_what_was_announced(staff: Api) -> None:
    data = png(640, 480)
    made = staff.post("/admin/media", {"content_type": "image/png", "size": len(data)})
    path = f"/admin/media/{made['id']}"
    assert send(made["upload"], data + b"x") == 403
    assert send(made["upload"], data[:-1]) == 403
    assert send(made["upload"], data, **{"Content-Type": "image/svg+xml"}) == 403
    assert send(made["upload"], data, **{"If-None-Match": '"x"'}) == 403
    assert staff.get(path)["status"] == "awaiting_upload"
    assert fetch(made["url"])[0] in (403, 404)
    assert send(made["upload"], data) == 200
    ready = came(staff, path)
    assert (ready["status"], ready["width"], ready["height"]) == ("ready", 640, 480)
    assert fetch(ready["url"]) == (200, data)


def test_what_is_no_picture_is_served_to_nobody(staff: Api) -> None:
    data = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    made = staff.post("/admin/media", {"content_type": "image/png", "size": len(data)})
    assert send(made["upload"], data) == 200
    assert fetch(made["upload"]["url"].partition("?")[0])[0] == 403
    assert came(staff, f"/admin/media/{made['id']}")["status"] == "rejected"
    assert fetch(made["url"])[0] in (403, 404)


def test_a_review_with_a_photo_from_the_doorstep_to_search(guest: Api, staff: Api, product: Json) -> None:
    order, path = bought(guest, staff)
    data = jpeg(640, 480, orientation=6, text=WHERE)
    announced = order.post(f"{path}/review-photos", {"content_type": "image/jpeg", "size": len(data)})
    assert send(announced["upload"], data) == 200
    assert came(order, f"{path}/review-photos/{announced['id']}")["status"] == "ready"
    words = {"sku": "REVIEWED", "stars": 4, "text": "Good.", "photos": [announced["id"]]}
    review = order.post(f"{path}/reviews", words)
    waiting = [one["id"] for one in staff.get("/admin/reviews?status=pending&limit=100")["data"]]
    assert review["id"] in waiting
    staff.post(f"/admin/reviews/{review['id']}/approve", {"version": 1})
    shown = guest.get("/products/reviewed/reviews")
    assert (shown["rating"]["average"], [one["id"] for one in shown["data"]]) == (4.0, [review["id"]])
    status, photo = fetch(shown["data"][0]["photos"][0]["url"])
    assert (status, WHERE in photo) == (200, False)
    changed = order.call("PUT", f"{path}/reviews/{review['id']}", {"stars": 5})
    assert (changed["status"], changed["photos"]) == ("pending", [])
    staff.post(f"/admin/reviews/{review['id']}/approve")

    def found() -> bool:
        cards = guest.get("/search?q=reviewed+thing")["data"]
        return [card["rating"] for card in cards if card["id"] == product["id"]] == [{"average": 5.0, "count": 1}]

    wait_for("the rating in search", found, 60)


def test_what_was_sold_is_counted(guest: Api, staff: Api, product: Json, running: dict[str, Any]) -> None:
    import boto3

    def sold() -> int:
        table = next(n for n in boto3.client("dynamodb").list_tables()["TableNames"] if "CatalogTable" in n)
        key = {"pk": {"S": f"PRODUCT#{product['id']}"}, "sk": {"S": "STANDING"}}
        return int(boto3.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["sold"]["N"])

    before = sold()
    bought(guest, staff)
    wait_for("the count", lambda: sold() >= before + 2, 60)
