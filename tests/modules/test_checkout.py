import pytest
from inprocess import ADDRESS, Shop, eur
from refusals import refusal


def test_an_order_keeps_what_the_customer_saw(shop: Shop) -> None:
    shop.product("mug", brand="Kiln", images=[{"url": "https://example.com/mug.jpg"}])
    placed = shop.ready_cart(("MUG", 2)).check_out()
    product = shop.staff.get("/admin/products")["data"][0]
    dearer = {"sku": "MUG", "price": eur(9900)}
    shop.staff.put(
        f"/admin/products/{product['id']}",
        {"handle": "mug", "title": "Cup", "status": "published", "variants": [dearer]},
    )
    order = shop.order_of(placed).get()
    assert [(line["title"], line["unit_price"], line["quantity"]) for line in order["lines"]] == [("Mug", eur(1290), 2)]
    assert order["totals"] == {
        "items": eur(2580),
        "discount": eur(0),
        "shipping": eur(495),
        "tax": eur(0),
        "total": eur(3075),
        "steps": [
            {"kind": "items", "name": "Items", "amount": 2580, "included": False},
            {"kind": "shipping", "name": "standard", "amount": 495, "included": False},
        ],
    }
    assert order["shipping_address"]["name"] == ADDRESS["name"]
    assert placed["payment"] | {"id": ""} == {
        "id": "",
        "method": "cash_on_delivery",
        "status": "created",
        "amount": eur(3075),
        "client_secret": None,
        "action_url": None,
    }


def test_checkout_reserves_and_announces_in_one_go(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    shop.order(("MUG", 3))
    assert shop.stock("MUG")["levels"] == [{"location": "ams", "on_hand": 10, "available": 7, "reserved": 3}]
    assert shop.names()[-2:] == ["OrderPlaced", "OrderConfirmed"]


def test_the_same_request_again_is_the_same_order(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 10})
    cart = shop.ready_cart(("MUG", 1))
    wish = cart.wish()
    first = cart.post("/checkout", wish, key="a-key-of-16-chars")
    again = cart.post("/checkout", wish, key="a-key-of-16-chars")
    assert again == first
    assert shop.stock("MUG")["reserved"] == 1
    assert shop.names().count("OrderPlaced") == 1


def test_a_key_with_another_body_is_refused(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    wish = cart.wish()
    cart.post("/checkout", wish, key="a-key-of-16-chars")
    other = wish | {"email": "somebody@else.example"}
    assert refusal(cart.post, "/checkout", other, key="a-key-of-16-chars")["code"] == "idempotency_key_reused"


def test_a_cart_is_checked_out_once(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    wish = cart.wish()
    placed = cart.post("/checkout", wish)
    assert refusal(cart.post, "/checkout", wish) | {"detail": ""} == {
        "status": 409,
        "code": "cart_closed",
        "detail": "",
        "order_id": placed["order"]["id"],
    }
    assert refusal(cart.post, "/items", {"sku": "MUG"})["code"] == "cart_closed"
    assert shop.stock("MUG")["reserved"] == 1


def test_a_price_that_rose_meanwhile_is_not_charged(shop: Shop) -> None:
    product = shop.product("mug")
    cart = shop.ready_cart()
    wish = cart.wish()
    dearer = {"handle": "mug", "title": "Mug", "status": "published", "variants": [{"sku": "MUG", "price": eur(9900)}]}
    shop.staff.put(f"/admin/products/{product['id']}", dearer)
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["status"], refused["code"]) == (409, "cart_changed")
    assert refused["cart"]["totals"]["items"] == eur(9900)
    assert shop.stock("MUG")["reserved"] == 0


def test_a_cart_that_changed_meanwhile_is_not_bought(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    wish = cart.wish()
    cart.post("/items", {"sku": "MUG", "quantity": 1})
    assert refusal(cart.post, "/checkout", wish)["code"] == "cart_changed"


def test_a_product_taken_off_the_shelf_can_not_be_bought(shop: Shop) -> None:
    product = shop.product()
    cart = shop.ready_cart()
    wish = cart.wish()
    shop.staff.post(f"/admin/products/{product['id']}/unpublish")
    refused = refusal(cart.post, "/checkout", wish)
    assert refused["code"] == "cart_changed"
    assert refused["cart"]["lines"][0]["status"] == "not_sold"


def test_more_than_there_is_is_refused_by_sku(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 2, "sha": 1})
    cart = shop.ready_cart(("MUG", 4))
    refused = refusal(cart.check_out)
    assert (refused["status"], refused["code"], refused["sku"], refused["available"]) == (409, "out_of_stock", "MUG", 3)
    assert shop.stock("MUG")["reserved"] == 0


def test_all_locations_together_serve_an_order(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 2, "sha": 2})
    shop.order(("MUG", 3))
    assert [level["reserved"] for level in shop.stock("MUG")["levels"]] == [2, 1]


def test_two_buyers_of_the_last_piece(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 1})
    first, second = shop.ready_cart(), shop.ready_cart()
    first.check_out()
    assert refusal(second.check_out)["code"] == "out_of_stock"
    assert shop.stock("MUG")["levels"] == [{"location": "ams", "on_hand": 1, "available": 0, "reserved": 1}]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("email", "nobody", "/email"),
        ("payment_method", "shells", "/payment_method"),
        ("cart_version", "1", "/cart_version"),
        ("expected_total", {"amount": -1, "currency": "EUR"}, "/expected_total/amount"),
        ("expected_total", 10, "/expected_total"),
    ],
)
def test_a_bad_field_is_named(shop: Shop, field: str, value: object, pointer: str) -> None:
    shop.product()
    refused = refusal(shop.ready_cart().check_out, **{field: value})
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_checkout_asks_for_what_is_missing(shop: Shop) -> None:
    shop.product()
    assert refusal(shop.cart().check_out)["code"] == "cart_empty"
    cart = shop.cart(("MUG", 1))
    assert refusal(cart.check_out)["code"] == "shipping_address_required"
    cart.put("/shipping-address", ADDRESS)
    assert refusal(cart.check_out)["code"] == "shipping_option_required"


def test_forty_skus_are_one_transaction(shop: Shop) -> None:
    variants = [{"sku": f"S{n}", "option_values": [str(n)], "price": eur(100), "stock": {"ams": 1}} for n in range(41)]
    shop.product("set", options=["Number"], variants=variants)
    cart = shop.ready_cart(*((f"S{n}", 1) for n in range(40)))
    assert refusal(cart.post, "/items", {"sku": "S40"})["code"] == "cart_full"
    order = shop.order_of(cart.check_out())
    assert order.get()["quantity"] == 40
    order.post("/cancel")
    assert shop.stock("S39")["available"] == 1


def test_an_order_opens_to_its_token_alone(shop: Shop) -> None:
    shop.product()
    order, other = shop.order(), shop.order()
    assert refusal(other.api.get, order.path)["status"] == 404
    assert refusal(shop.guest.get, order.path)["code"] == "token_required"
    assert refusal(other.api.post, f"{order.path}/cancel")["status"] == 404
    assert refusal(other.api.get, f"/payments/{order.placed['payment']['id']}")["status"] == 404
    assert order.api.get(f"/payments/{order.placed['payment']['id']}")["status"] == "created"


def test_no_secret_is_stored(shop: Shop) -> None:
    shop.product()
    cart = shop.ready_cart()
    order = shop.order_of(cart.check_out())
    stored = str(
        [shop.dynamodb.scan(TableName=f"test-{name}")["Items"] for name in ("orders", "payments", "logistics")]
    )
    assert cart.api.headers["Cart-Token"] not in stored
    assert order.placed["order_token"] not in stored
