"""What the deployed functions' roles let them read for a price, and what API Gateway lets through of a query."""

from typing import Any

from infra.local.client import Api, log_in, segment


def customer(running: dict[str, Any]) -> Api:
    path = {"email": running["customer"]["email"], "password": running["customer"]["password"]}
    tokens = Api(running["api"], patience=20).post("/auth/login", path)
    return Api(running["api"], patience=20, Authorization=tokens["id_token"])


def test_a_customers_groups_are_read_wherever_their_prices_are(running: dict[str, Any], guest: Api) -> None:
    email, password = running["staff"]["email"], running["staff"]["password"]
    staff = log_in(running["api"], email, password, patience=20)
    (account,) = staff.get(f"/admin/users?email={segment(running['customer']['email'])}")["data"]
    staff.put("/admin/price-lists/stack-vip", {"name": "VIP", "groups": ["stack-vip"]})
    staff.put(f"/admin/users/{account['id']}/groups", {"groups": ["stack-vip"]})
    mine = customer(running)
    assert mine.get("/me")["groups"] == ["stack-vip"]
    skus = [
        guest.get(f"/products/{segment(product['handle'])}")["variants"][0]["sku"]
        for product in guest.get("/products?limit=2&currency=EUR")["data"]
    ]
    shown = mine.get("/me/prices?" + "&".join(f"sku={segment(sku)}" for sku in skus))
    assert [variant["sku"] for variant in shown["variants"]] == skus
    mine.post("/me/cart")
    cart = mine.post("/me/cart/items", {"sku": skus[0]})
    assert shown["variants"][0]["price"] in [line["unit_price"] for line in cart["lines"]]
    assert mine.get("/me/cart")["currency"] == guest.get("/currencies")["data"][0]["code"] == "EUR"
    mine.call("DELETE", f"/me/cart/items/{segment(skus[0])}")
