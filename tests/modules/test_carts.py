from inprocess import ADDRESS, Shop, eur
from refusals import refusal


def test_a_cart_opens_to_its_token_alone(shop: Shop) -> None:
    cart, other = shop.cart(), shop.cart()
    assert refusal(other.api.get, cart.path)["status"] == 404
    assert refusal(shop.guest.get, cart.path) | {"detail": ""} == {
        "status": 401,
        "code": "token_required",
        "detail": "",
        "pointer": "/headers/Cart-Token",
    }
    assert refusal(other.api.post, f"{cart.path}/items", {"sku": "MUG"})["status"] == 404


def test_the_same_request_gets_the_same_cart_and_token(shop: Shop) -> None:
    first = shop.guest.post("/carts", key="a-key-of-16-chars")
    assert shop.guest.post("/carts", key="a-key-of-16-chars") == first
    assert shop.guest.post("/carts", key="b-key-of-16-chars")["id"] != first["id"]
    assert refusal(shop.guest.post, "/carts", key="short")["pointer"] == "/headers/Idempotency-Key"


def test_adding_twice_with_one_key_adds_once(shop: Shop) -> None:
    shop.product()
    cart = shop.cart()
    for _ in range(2):
        lines = cart.post("/items", {"sku": "MUG", "quantity": 2}, key="a-key-of-16-chars")["lines"]
    assert [line["quantity"] for line in lines] == [2]
    assert cart.post("/items", {"sku": "MUG", "quantity": 1})["lines"][0]["quantity"] == 3


def test_lines_change_and_go(shop: Shop) -> None:
    shop.product()
    cart = shop.cart(("MUG", 3))
    assert cart.patch("/items/MUG", {"quantity": 5})["totals"]["items"] == eur(5 * 1290)
    assert cart.delete("/items/MUG")["lines"] == []
    assert refusal(cart.delete, "/items/MUG")["status"] == 404


def test_a_cart_shows_the_price_of_now_and_what_is_missing(shop: Shop) -> None:
    product = shop.product("mug", stock={"ams": 2})
    cart = shop.cart(("MUG", 3))
    dearer = {"handle": "mug", "title": "Mug", "status": "published", "variants": [{"sku": "MUG", "price": eur(2000)}]}
    shop.staff.put(f"/admin/products/{product['id']}", dearer)
    line = cart.get()["lines"][0]
    assert (line["unit_price"], line["total"], line["status"]) == (eur(2000), eur(6000), "not_enough")


def test_what_is_not_for_sale_does_not_get_in(shop: Shop) -> None:
    shop.product("draft", status="draft")
    cart = shop.cart()
    for sku in ("DRAFT", "NOTHING"):
        refused = refusal(cart.post, "/items", {"sku": sku})
        assert (refused["status"], refused["code"], refused["pointer"]) == (422, "unknown_sku", "/sku")


def test_a_negative_quantity_is_refused(shop: Shop) -> None:
    shop.product()
    cart = shop.cart()
    for quantity in (-1, 0, 1000, 1.5, "2", None):
        refused = refusal(cart.post, "/items", {"sku": "MUG", "quantity": quantity})
        assert (refused["status"], refused["pointer"]) == (422, "/quantity")


def test_shipping_follows_address_and_goods(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.cart(("MUG", 1))
    assert refusal(cart.get, "/shipping-options")["code"] == "shipping_address_required"
    cart.put("/shipping-address", ADDRESS)
    assert [option["id"] for option in cart.get("/shipping-options")["data"]] == ["standard", "express"]
    assert cart.put("/shipping-option", {"id": "standard"})["totals"]["shipping"] == eur(495)
    assert cart.patch("/items/MUG", {"quantity": 8})["totals"]["shipping"] == eur(0)
    assert refusal(cart.put, "/shipping-option", {"id": "pigeon"})["pointer"] == "/id"


def test_an_address_is_checked_by_its_country(shop: Shop) -> None:
    cart = shop.cart()
    for changed, pointer in [
        ({"postal_code": "1"}, "/postal_code"),
        ({"country": "XX"}, "/country"),
        ({"country": "US"}, "/region"),
        ({"country": "nl"}, "/country"),
        ({"name": ""}, "/name"),
        ({"planet": "Earth"}, "/planet"),
    ]:
        assert refusal(cart.put, "/shipping-address", ADDRESS | changed)["pointer"] == pointer
