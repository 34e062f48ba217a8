"""What changed in a cart since its customer last looked, and that nothing of it is bought unseen."""

from typing import Any

from inprocess import Cart, Shop, eur
from refusals import refusal

from infra.local.client import Json


def reprice(shop: Shop, sku: str, cents: int) -> None:
    handle = sku.lower()
    product = shop.guest.get(f"/products/{handle}")
    body = {"handle": handle, "title": product["title"], "status": "published"}
    variants = [{"sku": sku, "price": eur(cents)}]
    shop.staff.put(f"/admin/products/{product['id']}", {**body, "variants": variants})


def count(shop: Shop, sku: str, pieces: int) -> None:
    shop.staff.put(f"/admin/stock/{sku}", {"location": "ams", "on_hand": pieces})


def told(cart: Json) -> list[tuple[str, str, Any, Any]]:
    return [(change["sku"], change["kind"], change["before"], change["after"]) for change in cart["changes"]]


def see(cart: Cart) -> Json:
    return cart.post("/seen", {"cart_version": cart.get()["version"]})


def test_a_cart_tells_what_changed_until_it_was_looked_at(shop: Shop) -> None:
    shop.product("mug")
    shop.product("bowl")
    cart = shop.cart(("MUG", 3), ("BOWL", 3))
    assert cart.get()["changes"] == []
    reprice(shop, "MUG", 2000)
    count(shop, "BOWL", 2)
    shown = cart.get()
    assert told(shown) == [("MUG", "price_up", eur(1290), eur(2000)), ("BOWL", "fewer_in_stock", 3, 2)]
    assert told(cart.get()) == told(shown)
    looked = cart.post("/seen", {"cart_version": shown["version"]})
    assert (looked["changes"], looked["version"]) == ([], shown["version"] + 1)
    assert cart.get() == looked


def test_a_product_that_comes_and_goes_is_told_of(shop: Shop) -> None:
    product = shop.product("mug")
    cart = shop.cart(("MUG", 1))
    shop.staff.post(f"/admin/products/{product['id']}/unpublish")
    assert told(cart.get()) == [("MUG", "not_sold", None, None)]
    assert see(cart)["lines"][0]["status"] == "not_sold"
    shop.staff.post(f"/admin/products/{product['id']}/publish")
    assert told(cart.get()) == [("MUG", "sold_again", None, None)]


def test_where_nothing_changed_looking_writes_nothing(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.cart(("MUG", 1))
    assert see(cart) == cart.get()


def test_an_older_version_is_not_what_was_looked_at(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.cart(("MUG", 1))
    version = cart.get()["version"]
    cart.patch("/items/MUG", {"quantity": 2})
    reprice(shop, "MUG", 2000)
    refused = refusal(cart.post, "/seen", {"cart_version": version})
    assert (refused["status"], refused["code"]) == (409, "cart_changed")
    assert told(refused["cart"]) == [("MUG", "price_up", eur(1290), eur(2000))]
    assert refusal(cart.post, "/seen", {"cart_version": 0})["pointer"] == "/cart_version"


def test_a_rise_is_bought_by_whoever_agrees_to_the_new_total(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.ready_cart(("MUG", 1))
    wish = cart.wish()
    reprice(shop, "MUG", 2000)
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["code"], told(refused["cart"])[0][1]) == ("cart_changed", "price_up")
    placed = cart.post("/checkout", {**wish, "expected_total": refused["cart"]["totals"]["total"]})
    assert placed["order"]["lines"][0]["unit_price"] == eur(2000)


def test_a_rise_that_a_fall_makes_up_for_is_not_bought_unseen(shop: Shop) -> None:
    shop.product("mug")
    shop.product("bowl")
    cart = shop.ready_cart(("MUG", 1), ("BOWL", 1))
    reprice(shop, "MUG", 1390)
    reprice(shop, "BOWL", 1190)
    refused = refusal(cart.check_out)
    assert (refused["status"], refused["code"]) == (409, "cart_changed")
    assert [kind for _, kind, _, _ in told(refused["cart"])] == ["price_up", "price_down"]
    see(cart)
    assert cart.check_out()["order"]["totals"]["items"] == eur(2580)


def test_nothing_is_left_out_of_an_order_silently(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.ready_cart(("MUG", 3))
    count(shop, "MUG", 2)
    assert told(cart.get()) == [("MUG", "fewer_in_stock", 3, 2)]
    assert refusal(cart.check_out)["code"] == "out_of_stock"
    see(cart)
    assert refusal(cart.check_out)["code"] == "out_of_stock"


def test_a_customers_cart_tells_alike(shop: Shop) -> None:
    shop.product("mug")
    cart = shop.cart_of(shop.customer(), ("MUG", 1))
    reprice(shop, "MUG", 2000)
    assert told(cart.get())[0][1] == "price_up"
    assert see(cart)["changes"] == []
