"""What a cart and an order show of taxes, and what staff can say of them."""

from typing import Any

import pytest
from inprocess import ADDRESS, Cart, Shop, eur
from refusals import refusal

VAT = {"name": "MwSt.", "percent": "19"}
REDUCED = {"name": "MwSt.", "percent": "7", "tax_class": "books"}
SETTINGS: dict[str, Any] = {
    "home": {"country": "DE"},
    "union": ["DE", "NL", "FR"],
    "classes": [{"id": "books", "name": "Books"}],
    "zones": [
        {"id": "de", "name": "Germany", "country": "DE", "rates": [VAT, REDUCED]},
        {
            "id": "nl",
            "name": "Netherlands",
            "country": "NL",
            "rates": [{"name": "BTW", "percent": "21"}, {"name": "BTW", "percent": "9", "tax_class": "books"}],
        },
    ],
    "prices_include_tax": True,
}
BERLIN = ADDRESS | {"country": "DE", "postal_code": "10115", "city": "Berlin"}
PARIS = ADDRESS | {"country": "FR", "postal_code": "75001", "city": "Paris"}
AMSTERDAM = ADDRESS | {"country": "NL", "postal_code": "1012 AB", "city": "Amsterdam"}
ZURICH = ADDRESS | {"country": "CH", "postal_code": "8001", "city": "Zürich"}
DUTCH_VAT_ID, GERMAN_VAT_ID = "NL004495445B01", "DE136695976"


def tax(shop: Shop, **changed: Any) -> None:
    """Decide anew how the shop's sales are taxed."""
    version = shop.staff.get("/admin/tax-settings")["version"]
    shop.staff.put("/admin/tax-settings", {**SETTINGS, **changed, "version": version})


@pytest.fixture
def taxed(shop: Shop) -> Shop:
    """A German shop with a mug for 11.90 and a book for 10.70, tax included, and shipping for 4.95."""
    tax(shop)
    shop.product("mug", variants=[{"sku": "MUG", "price": eur(1190), "stock": {"ams": 50}}])
    shop.product("book", tax_class="books", variants=[{"sku": "BOOK", "price": eur(1070), "stock": {"ams": 50}}])
    return shop


def going_to(shop: Shop, address: Any, *lines: tuple[str, int]) -> Cart:
    cart = shop.cart(*lines)
    cart.put("/shipping-address", address)
    cart.put("/shipping-option", {"id": "standard"})
    return cart


def step(totals: Any, kind: str) -> dict[str, int]:
    return {one["name"]: one["amount"] for one in totals["steps"] if one["kind"] == kind}


def adds_up(shown: Any) -> bool:
    lines, shipping, totals = shown["lines"], shown["shipping_option"], shown["totals"]
    paid = sum(line["to_pay"]["amount"] for line in lines) + (shipping["to_pay"]["amount"] if shipping else 0)
    explained = sum(one["amount"] for one in totals["steps"] if not one["included"])
    return bool(paid == explained == totals["total"]["amount"])


def test_where_nobody_said_anything_of_taxes_there_are_none(shop: Shop) -> None:
    shop.product("mug")
    shown = going_to(shop, BERLIN, ("MUG", 1)).get()
    assert (shown["totals"]["tax"], shown["lines"][0]["taxes"]) == (eur(0), [])
    assert shop.staff.get("/admin/tax-settings") == {
        "home": None,
        "union": [],
        "classes": [],
        "zones": [],
        "prices_include_tax": False,
        "rounding": "line",
        "shipping_class": None,
        "version": 0,
    }


def test_prices_that_include_tax_stay_the_same_wherever_it_is_taxed(taxed: Shop) -> None:
    cart = going_to(taxed, BERLIN, ("MUG", 1))
    german = cart.get()
    (line,) = german["lines"]
    assert line["taxes"] == [
        {
            "name": "MwSt.",
            "rate": "19",
            "base": eur(1000),
            "amount": eur(190),
            "included": True,
            "kind": "standard",
        }
    ]
    assert (line["to_pay"], german["totals"]["total"]) == (eur(1190), eur(1685))
    assert step(german["totals"], "tax") == {"MwSt. 19%": 190 + 79}
    dutch = cart.put("/shipping-address", AMSTERDAM)
    assert dutch["totals"]["total"] == german["totals"]["total"]
    assert step(dutch["totals"], "tax") == {"BTW 21%": 207 + 86}
    assert adds_up(german)
    assert adds_up(dutch)


def test_without_an_address_the_tax_is_that_of_the_shops_home(taxed: Shop) -> None:
    assert step(taxed.cart(("MUG", 1)).get()["totals"], "tax") == {"MwSt. 19%": 190}


def test_a_union_country_without_rates_of_its_own_is_taxed_as_home(taxed: Shop) -> None:
    assert step(going_to(taxed, PARIS, ("MUG", 1)).get()["totals"], "tax") == {"MwSt. 19%": 269}


def test_goods_of_a_class_bear_its_rate_and_shipping_follows_the_goods(taxed: Shop) -> None:
    shown = going_to(taxed, BERLIN, ("MUG", 1), ("BOOK", 1)).get()
    rates = {line["sku"]: [tax["rate"] for tax in line["taxes"]] for line in shown["lines"]}
    assert rates == {"MUG": ["19"], "BOOK": ["7"]}
    assert [tax["rate"] for tax in shown["shipping_option"]["taxes"]] == ["7", "19"]
    assert adds_up(shown)


def test_a_product_keeps_its_tax_class_when_staff_send_back_what_they_see(taxed: Shop) -> None:
    (book,) = [one for one in taxed.staff.get("/admin/products")["data"] if one["handle"] == "book"]
    shown = taxed.staff.get(f"/admin/products/{book['id']}")
    assert (shown["tax_class"], shown["variants"][0]["tax_class"]) == ("books", None)


def test_a_variant_may_be_of_another_class_than_its_product(taxed: Shop) -> None:
    variant = {"sku": "CD", "price": eur(1190), "tax_class": "standard", "stock": {"ams": 9}}
    taxed.product("cd", tax_class="books", variants=[variant])
    assert going_to(taxed, BERLIN, ("CD", 1)).get()["lines"][0]["taxes"][0]["rate"] == "19"


def test_prices_without_tax_get_it_on_top(taxed: Shop) -> None:
    tax(taxed, prices_include_tax=False)
    shown = going_to(taxed, BERLIN, ("MUG", 2)).get()
    assert (shown["totals"]["items"], shown["totals"]["tax"]) == (eur(2380), eur(452 + 94))
    assert shown["totals"]["total"] == eur(2380 + 452 + 495 + 94)
    assert shown["shipping_option"]["to_pay"] == eur(495 + 94)
    assert adds_up(shown)


def test_tax_is_of_what_is_left_after_discounts(taxed: Shop) -> None:
    sale = {"name": "Sale", "effect": {"type": "percent_off", "percent": "50", "of": "order"}}
    taxed.staff.put("/admin/promotions/sale", sale)
    cart = going_to(taxed, BERLIN, ("MUG", 1))
    shown = cart.get()
    assert (shown["totals"]["discount"], shown["lines"][0]["taxes"][0]["base"]) == (eur(595), eur(500))
    assert [one["kind"] for one in shown["totals"]["steps"]] == ["items", "discount", "shipping", "tax"]
    assert adds_up(shown)
    assert adds_up(taxed.order_of(cart.check_out()).get())


def test_what_leaves_the_union_is_sold_without_the_tax_in_its_price(taxed: Shop) -> None:
    cart = going_to(taxed, ZURICH, ("MUG", 1))
    shown = cart.get()
    (line,) = shown["lines"]
    assert (line["to_pay"], line["tax_relief"]) == (eur(1000), eur(190))
    assert [(tax["kind"], tax["rate"], tax["amount"]) for tax in line["taxes"]] == [("export", "0", eur(0))]
    assert step(shown["totals"], "tax_relief") == {"Export": -190 - 79}
    assert shown["totals"]["total"] == eur(1000 + 416)
    assert adds_up(shown)
    placed = cart.check_out()
    assert placed["order"]["total"] == placed["payment"]["amount"] == eur(1416)
    assert adds_up(taxed.order_of(placed).get())


def test_a_business_abroad_in_the_union_owes_the_tax_itself(taxed: Shop) -> None:
    cart = going_to(taxed, AMSTERDAM, ("MUG", 1))
    billing = {"company": "Kiln B.V.", "vat_id": "nl 0044.95.445.B01", "address": AMSTERDAM}
    shown = cart.put("/billing", billing)
    assert shown["billing"]["vat_id"] == DUTCH_VAT_ID
    assert [tax["kind"] for tax in shown["lines"][0]["taxes"]] == ["reverse_charge"]
    assert step(shown["totals"], "tax_relief") == {"Reverse charge": -269}
    order = taxed.order_of(cart.check_out()).get()
    assert (order["billing"], order["totals"]) == (shown["billing"], shown["totals"])
    assert adds_up(order)


@pytest.mark.parametrize(
    ("address", "vat_id", "rate"),
    [(BERLIN, DUTCH_VAT_ID, "19"), (AMSTERDAM, GERMAN_VAT_ID, "21"), (BERLIN, GERMAN_VAT_ID, "19")],
)
def test_there_is_no_reverse_charge_at_home(taxed: Shop, address: Any, vat_id: str, rate: str) -> None:
    shown = going_to(taxed, address, ("MUG", 1)).put("/billing", {"vat_id": vat_id})
    assert [tax["rate"] for tax in shown["lines"][0]["taxes"]] == [rate]


def test_a_customer_says_who_their_order_is_billed_to(taxed: Shop) -> None:
    cart = taxed.cart_of(taxed.customer(), ("MUG", 1))
    cart.put("/shipping-address", AMSTERDAM)
    assert step(cart.put("/billing", {"vat_id": DUTCH_VAT_ID})["totals"], "tax_relief") == {"Reverse charge": -269}
    placed = cart.check_out()
    assert cart.api.get(f"/me/orders/{placed['order']['id']}")["billing"]["vat_id"] == DUTCH_VAT_ID


def test_an_order_agreed_to_before_the_tax_changed_has_to_be_agreed_to_again(taxed: Shop) -> None:
    tax(taxed, prices_include_tax=False)
    cart = going_to(taxed, BERLIN, ("MUG", 1))
    wish = cart.wish()
    tax(taxed, prices_include_tax=True)
    refused = refusal(cart.post, "/checkout", wish)
    assert (refused["code"], refused["cart"]["totals"]["total"]) == ("cart_changed", eur(1685))


@pytest.mark.parametrize(
    ("billing", "pointer"),
    [
        ({"vat_id": "DE136695977"}, "/vat_id"),
        ({"vat_id": "CHE-107.787.577 MWST"}, "/vat_id"),
        ({"vat_id": "DE"}, "/vat_id"),
        ({"vat_id": "\u0000"}, "/vat_id"),
        ({"address": BERLIN | {"postal_code": "1"}}, "/address/postal_code"),
        ({"address": {"country": "DE"}}, "/address"),
        ({"vat": "x"}, "/vat"),
    ],
)
def test_billing_data_that_can_not_be_so_are_refused(taxed: Shop, billing: Any, pointer: str) -> None:
    refused = refusal(taxed.cart(("MUG", 1)).put, "/billing", billing)
    assert refused["status"] == 422
    assert refused["pointer"].startswith(pointer)


def test_billing_data_can_be_taken_back(taxed: Shop) -> None:
    cart = going_to(taxed, AMSTERDAM, ("MUG", 1))
    cart.put("/billing", {"vat_id": DUTCH_VAT_ID})
    shown = cart.put("/billing", {})
    assert (shown["billing"], step(shown["totals"], "tax_relief")) == (None, {})


def test_what_is_not_sent_is_taxed_where_its_buyer_is(taxed: Shop) -> None:
    taxed.product("file", variants=[{"sku": "FILE", "price": eur(1190), "digital": True}])
    cart = taxed.cart(("FILE", 1))
    cart.put("/shipping-address", BERLIN)
    assert step(cart.put("/billing", {"address": AMSTERDAM})["totals"], "tax") == {"BTW 21%": 207}


def test_a_guests_billing_data_come_along_into_the_customers_cart(taxed: Shop) -> None:
    guests = taxed.cart(("MUG", 1))
    guests.put("/billing", {"company": "Kiln"})
    token = {"Cart-Token": guests.api.headers["Cart-Token"]}
    merged = taxed.customer().with_headers(**token).post("/me/cart", {"cart_id": guests.path.rpartition("/")[2]})
    assert merged["billing"]["company"] == "Kiln"


def zone(**changed: Any) -> dict[str, Any]:
    return {"zones": [SETTINGS["zones"][0] | changed]}


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"home": None}, "/home"),
        ({"home": {"country": "Germany"}}, "/home/country"),
        ({"zones": SETTINGS["zones"] * 2}, "/zones/2/id"),
        ({"classes": [{"id": "books", "name": "a"}, {"id": "books", "name": "b"}]}, "/classes/1/id"),
        ({"shipping_class": "parcels"}, "/shipping_class"),
        ({"rounding": "never"}, "/rounding"),
        (zone(rates=[VAT | {"tax_class": "wine"}]), "/zones/0/rates/0/tax_class"),
        (zone(rates=[VAT | {"percent": 19}]), "/zones/0/rates/0/percent"),
        (zone(rates=[VAT | {"percent": "-1"}]), "/zones/0/rates/0/percent"),
        (zone(rates=[VAT | {"percent": "NaN"}]), "/zones/0/rates/0/percent"),
        (zone(rates=[VAT | {"valid_from": "2026-02-30"}]), "/zones/0/rates/0/valid_from"),
        (zone(rates=[VAT | {"valid_from": "2026-02-02", "valid_until": "2026-02-01"}]), "/zones/0/rates/0/valid_until"),
        (zone(rates=[VAT | {"valid_until": "2026-06-30"}, VAT | {"valid_from": "2026-06-30"}]), "/zones/0/rates/1"),
        (zone(postal_codes=[{"first": "10", "last": "9"}]), "/zones/0/postal_codes/0/last"),
        (zone(postal_codes=[{"first": "---"}]), "/zones/0/postal_codes/0/first"),
    ],
)
def test_tax_settings_that_can_not_be_so_are_refused(shop: Shop, changed: Any, pointer: str) -> None:
    refused = refusal(shop.staff.put, "/admin/tax-settings", SETTINGS | changed)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_two_members_of_staff_do_not_overwrite_each_others_tax_settings(shop: Shop) -> None:
    assert shop.staff.put("/admin/tax-settings", SETTINGS)["version"] == 1
    assert shop.staff.put("/admin/tax-settings", SETTINGS)["version"] == 1
    refused = refusal(shop.staff.put, "/admin/tax-settings", SETTINGS | {"rounding": "order"})
    assert (refused["status"], refused["code"]) == (409, "tax_settings_changed")
    changed = SETTINGS | {"rounding": "order", "version": 1}
    assert shop.staff.put("/admin/tax-settings", changed)["version"] == 2
    assert shop.staff.get("/admin/tax-settings")["rounding"] == "order"
