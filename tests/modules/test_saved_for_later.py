"""Notes on a cart's lines, and what is put aside for later."""

import pytest
from inprocess import Cart, Gateway, Shop, eur, list_price, usd
from refusals import refusal

from infra.local.client import Json


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    for handle in ("mug", "bowl", "plate"):
        shop.product(handle)
    return shop


def lines(cart: Json, of: str = "lines") -> list[tuple[str, int]]:
    return [(line["sku"], line["quantity"]) for line in cart[of]]


def save(cart: Cart, sku: str) -> Json:
    return cart.post(f"/items/{sku}/save")


def logged_in(cart: Cart, customer: Gateway) -> Json:
    """The customer's cart with the guest's merged into it."""
    guests = customer.with_headers(**{"Cart-Token": cart.api.headers["Cart-Token"]})
    return guests.post("/me/cart", {"cart_id": cart.path.rpartition("/")[2]})


def test_a_note_is_kept_into_the_order(stocked: Shop) -> None:
    cart = stocked.ready_cart(("MUG", 1), ("BOWL", 1))
    assert cart.patch("/items/MUG", {"note": "For Lin"})["lines"][0]["note"] == "For Lin"
    cart.patch("/items/MUG", {"quantity": 2})
    cart.post("/items", {"sku": "MUG", "quantity": 1})
    order = stocked.order_of(cart.check_out()).get()
    assert [(line["sku"], line["quantity"], line["note"]) for line in order["lines"]] == [
        ("MUG", 3, "For Lin"),
        ("BOWL", 1, ""),
    ]


def test_a_note_goes_with_an_empty_one_or_with_its_line(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 1))
    both = cart.patch("/items/MUG", {"quantity": 2, "note": "For Lin"})["lines"][0]
    assert (both["quantity"], both["note"]) == (2, "For Lin")
    assert cart.patch("/items/MUG", {"note": ""})["lines"][0]["note"] == ""
    cart.patch("/items/MUG", {"note": "For Lin"})
    cart.delete("/items/MUG")
    assert cart.post("/items", {"sku": "MUG"})["lines"][0]["note"] == ""


def test_a_note_has_an_end(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 1))
    for body, pointer in [
        ({"note": "x" * 501}, "/note"),
        ({"note": None}, "/note"),
        ({"quantity": None}, "/quantity"),
        ({"quantity": 1000, "note": ""}, "/quantity"),
        ({}, "/quantity"),
    ]:
        refused = refusal(cart.patch, "/items/MUG", body)
        assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert refusal(cart.patch, "/items/BOWL", {"note": "x"})["status"] == 404


def test_what_is_saved_is_in_sight_but_in_no_total(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 2), ("BOWL", 1))
    cart.patch("/items/MUG", {"note": "For Lin"})
    saved = save(cart, "MUG")
    assert (lines(saved), lines(saved, "saved")) == ([("BOWL", 1)], [("MUG", 2)])
    assert (saved["saved"][0]["note"], saved["totals"]["total"]) == ("For Lin", eur(1290))
    back = cart.post("/saved/MUG/move-to-cart")
    assert (lines(back), back["saved"]) == ([("BOWL", 1), ("MUG", 2)], [])
    assert (back["lines"][1]["note"], back["totals"]["total"]) == ("For Lin", eur(3 * 1290))


def test_what_is_saved_is_shown_at_its_price_of_now(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 2))
    save(cart, "MUG")
    product = stocked.guest.get("/products/mug")
    variants = [{"sku": "MUG", "price": eur(2000)}]
    body = {"handle": "mug", "title": "Mug", "status": "published", "variants": variants}
    stocked.staff.put(f"/admin/products/{product['id']}", body)
    stocked.staff.put("/admin/stock/MUG", {"location": "ams", "on_hand": 1})
    shown = cart.get()
    (line,) = shown["saved"]
    assert (line["unit_price"], line["status"], shown["changes"]) == (eur(2000), "not_enough", [])
    stocked.staff.post(f"/admin/products/{product['id']}/unpublish")
    assert cart.get()["saved"][0]["status"] == "not_sold"
    refused = refusal(cart.post, "/saved/MUG/move-to-cart")
    assert (refused["status"], refused["code"]) == (409, "not_sold")
    assert lines(cart.delete("/saved/MUG"), "saved") == []


def test_pieces_of_what_is_saved_twice_add_up(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 2))
    save(cart, "MUG")
    cart.post("/items", {"sku": "MUG", "quantity": 999})
    assert lines(save(cart, "MUG"), "saved") == [("MUG", 999)]
    cart.post("/items", {"sku": "MUG", "quantity": 1})
    assert lines(cart.post("/saved/MUG/move-to-cart")) == [("MUG", 999)]


def test_what_is_not_there_can_not_be_moved(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 1))
    for call in (
        lambda: cart.post("/items/BOWL/save"),
        lambda: cart.post("/saved/MUG/move-to-cart"),
        lambda: cart.delete("/saved/MUG"),
    ):
        assert refusal(call)["status"] == 404


def test_a_move_that_is_sent_again_moves_once(stocked: Shop) -> None:
    cart = stocked.cart(("MUG", 2))
    for _ in range(2):
        assert lines(cart.post("/items/MUG/save", key="a-key-of-16-chars"), "saved") == [("MUG", 2)]
    for _ in range(2):
        assert lines(cart.post("/saved/MUG/move-to-cart", key="b-key-of-16-chars")) == [("MUG", 2)]


def test_forty_lines_are_saved_and_no_more(shop: Shop) -> None:
    skus = [f"S{n}" for n in range(41)]
    variants = [{"sku": sku, "price": eur(100), "option_values": [sku]} for sku in skus]
    shop.product("many", options=["size"], variants=variants)
    cart = shop.cart()
    for sku in skus[:40]:
        cart.post("/items", {"sku": sku})
        save(cart, sku)
    cart.post("/items", {"sku": skus[40]})
    refused = refusal(cart.post, f"/items/{skus[40]}/save")
    assert (refused["status"], refused["code"]) == (422, "saved_full")
    assert (len(cart.get()["saved"]), len(cart.get()["lines"])) == (40, 1)


def test_what_is_saved_stays_where_an_order_is_placed(stocked: Shop) -> None:
    cart = stocked.ready_cart(("MUG", 1), ("BOWL", 1))
    save(cart, "BOWL")
    placed = cart.check_out()
    assert lines(placed["order"]) == [("MUG", 1)]
    assert stocked.stock("BOWL")["reserved"] == 0


def test_logging_in_brings_notes_and_what_is_saved_along(stocked: Shop) -> None:
    ann = stocked.customer()
    mine = stocked.cart_of(ann, ("MUG", 1), ("PLATE", 1))
    mine.patch("/items/MUG", {"note": "Mine"})
    save(mine, "PLATE")
    guests = stocked.cart(("MUG", 1), ("BOWL", 1), ("PLATE", 2))
    for sku in ("MUG", "BOWL"):
        guests.patch(f"/items/{sku}", {"note": "Guest's"})
    save(guests, "PLATE")
    merged = logged_in(guests, ann)
    assert [(line["sku"], line["quantity"], line["note"]) for line in merged["lines"]] == [
        ("MUG", 2, "Mine"),
        ("BOWL", 1, "Guest's"),
    ]
    assert lines(merged, "saved") == [("PLATE", 3)]


def test_a_cart_of_saved_lines_alone_may_change_its_currency(shop: Shop) -> None:
    shop.price_list("dollars", currency="USD")
    prices = [list_price("dollars", usd(1500))]
    shop.product("mug", variants=[{"sku": "MUG", "price": eur(1290), "prices": prices, "stock": {"ams": 10}}])
    ann = shop.customer()
    mine = shop.cart_of(ann, ("MUG", 1))
    save(mine, "MUG")
    turned = ann.post("/me/cart", {"currency": "USD"})
    assert turned["saved"][0]["unit_price"] == usd(1500)
    assert mine.post("/saved/MUG/move-to-cart")["totals"]["items"] == usd(1500)
