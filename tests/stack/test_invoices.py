"""Invoices on the functions, queues, rules, roles and the bucket that are deployed."""

import hashlib
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

import pytest

from infra.local.client import Api, Json, wait_for
from infra.local.demo.play import ADDRESS


@pytest.fixture
def product(staff: Api) -> Json:
    variant = {"sku": "INVOICED", "price": {"amount": 1290, "currency": "EUR"}, "stock": {"ams": 20}}
    body = {"handle": "invoiced", "title": "茶杯", "status": "published", "variants": [variant]}
    return staff.post("/admin/products", body)


def sent(guest: Api, staff: Api) -> tuple[Api, str]:
    """A guest's order whose parcels are on their way, and its path."""
    made = guest.post("/carts")
    cart, path = guest.with_headers(**{"Cart-Token": made["cart_token"]}), f"/carts/{made['id']}"
    cart.post(f"{path}/items", {"sku": "INVOICED", "quantity": 1})
    cart.put(f"{path}/shipping-address", ADDRESS | {"name": "王小明"})
    now = cart.put(f"{path}/shipping-option", {"id": "standard"})
    wish = {"email": "guest@jishi.example", "payment_method": "cash_on_delivery", "locale": "zh-CN"}
    agreed = {"cart_version": now["version"], "expected_total": now["totals"]["total"]}
    placed = cart.post(f"{path}/checkout", wish | agreed)
    order, path = guest.with_headers(**{"Order-Token": placed["order_token"]}), f"/orders/{placed['order']['id']}"
    wait_for("parcels", lambda: bool(order.get(f"{path}/shipments")["data"]), 60)
    for parcel in order.get(f"{path}/shipments")["data"]:
        for step, body in (("pack", {}), ("dispatch", {"carrier": "postnl", "tracking_number": "T"})):
            staff.post(f"/admin/shipments/{parcel['id']}/{step}", body)
    return order, path


def test_what_is_sent_is_invoiced_and_the_file_opens_by_its_link_alone(guest: Api, staff: Api, product: Json) -> None:
    staff.put("/admin/seller", {"address": ADDRESS | {"name": "Jishi B.V."}})
    numbers = []
    for _ in range(3):
        order, path = sent(guest, staff)

        def written(order: Api = order, path: str = path) -> bool:
            return any(item["url"] for item in order.get(f"{path}/invoices")["data"])

        wait_for("the invoice", written, 90)
        (invoice,) = order.get(f"{path}/invoices")["data"]
        numbers.append(int(invoice["number"].rpartition("-")[2]))
        with urllib.request.urlopen(invoice["url"]) as answer:
            pdf = answer.read()
        assert pdf.startswith(b"%PDF")
        assert hashlib.sha256(pdf).hexdigest() == invoice["sha256"]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    bare = urlunsplit(urlsplit(invoice["url"])._replace(query=""))
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(bare)
