"""Gift cards: who has the code has the money, once."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from amending import edit
from buyers import deliver
from crediting import books_are_right, deliver_by_card, gift_card, left_on, moved, pay_with, tenders
from inprocess import Cart, Shop, eur, usd
from refusals import refusal
from strict_stripe import StripeServer

from infra.local.client import Json

KEY = "a-key-of-16-chars"
TOTAL = 1785  # a mug, and sending it


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.product("mug", stock={"ams": 20})
    return shop


def test_a_card_is_issued_once_and_its_code_is_kept_nowhere(shop: Shop) -> None:
    card = gift_card(shop, 5000, key=KEY, note="for the fair", expires_on="2999-12-31")
    assert gift_card(shop, 5000, key=KEY, note="for the fair", expires_on="2999-12-31") == card
    assert card["code"] != gift_card(shop, 5000)["code"]
    page = shop.staff.get(f"/admin/gift-cards/{card['id']}")
    assert "code" not in page
    assert page["last_four"] == card["code"][-4:]
    assert (page["balance"], page["initial"], page["note"]) == (eur(5000), eur(5000), "for the fair")
    assert [(entry["what"], entry["amount"]) for entry in page["data"]] == [("issue", 5000)]
    code = card["code"].replace("-", "")
    for table in shop.dynamodb.list_tables()["TableNames"]:
        everything = str(shop.dynamodb.scan(TableName=table)["Items"])
        assert code not in everything
        assert card["code"] not in everything
        assert KEY not in everything


def test_without_a_key_each_request_issues_a_card(shop: Shop) -> None:
    body = json.dumps({"amount": eur(5000)})
    cards = [shop.staff.send("POST", "/admin/gift-cards", body)[2] for _ in range(2)]
    assert cards[0]["code"] != cards[1]["code"]
    assert [shop.guest.post("/gift-cards/balance", {"code": card["code"]})["id"] for card in cards] == [
        card["id"] for card in cards
    ]


def test_the_same_key_for_another_card_is_refused(shop: Shop) -> None:
    gift_card(shop, 5000, key=KEY)
    assert refusal(gift_card, shop, 6000, key=KEY)["code"] == "idempotency_key_reused"


def test_two_requests_at_once_issue_one_card(shop: Shop, weather: Any) -> None:
    twin: list[Json] = []
    weather("TransactWriteItems", [lambda: twin.append(gift_card(shop, key=KEY))])
    assert gift_card(shop, key=KEY) == twin[0]


def test_staff_without_the_permission_issue_none(shop: Shop) -> None:
    from gateway import OWNER, Gateway

    warehouse = Gateway({**OWNER, "cognito:groups": "[warehouse]"})
    assert refusal(warehouse.post, "/admin/gift-cards", {"amount": eur(1)})["code"] == "forbidden"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": eur(0)}, "/amount/amount"),
        ({"amount": eur(-1)}, "/amount/amount"),
        ({"amount": eur(5), "expires_on": "2020-01-01"}, "/expires_on"),
        ({"amount": eur(5), "expires_on": "soon"}, "/expires_on"),
    ],
)
def test_a_card_that_is_worth_nothing_is_not_issued(shop: Shop, body: Json, pointer: str) -> None:
    refused = refusal(shop.staff.post, "/admin/gift-cards", body)
    assert (refused["status"], refused["pointer"]) == (422, pointer)


def test_who_has_the_code_sees_what_is_left(shop: Shop) -> None:
    card = gift_card(shop, 5000)
    typed = f" {card['code'].lower().replace('-', ' ')} "
    seen = shop.guest.post("/gift-cards/balance", {"code": typed})
    assert seen == {"id": card["id"], "balance": eur(5000), "expires_on": None, "expired": False}


def test_unknown_wrong_and_disabled_codes_are_answered_alike(shop: Shop) -> None:
    from chalicelib.payments import gift_code

    card = gift_card(shop)
    path = f"/admin/gift-cards/{card['id']}/disable"
    assert shop.staff.post(path)["disabled"] == shop.staff.post(path)["disabled"] is True
    codes = [card["code"], gift_code.of_bits(7), "HELLO"]
    answers = [refusal(shop.guest.post, "/gift-cards/balance", {"code": code}) for code in codes]
    assert answers[0]["status"] == 404
    assert answers == [answers[0]] * 3
    assert left_on(shop, card) == 5000


def test_there_are_no_pages_of_other_cards(shop: Shop) -> None:
    card = gift_card(shop)
    assert refusal(shop.staff.get, "/admin/gift-cards/gft_1")["status"] == 404
    another = card["id"][:-1] + ("0" if card["id"][-1] != "0" else "1")
    assert refusal(shop.staff.get, f"/admin/gift-cards/{another}")["status"] == 404
    assert refusal(shop.staff.get, f"/admin/gift-cards/{card['id']}?cursor=QUNDT1VOVA")["pointer"] == "/query/cursor"


def test_a_journal_is_read_in_pages(shop: Shop) -> None:
    card = gift_card(shop, 5000)
    for _ in range(2):
        pay_with(shop, card)
    path = f"/admin/gift-cards/{card['id']}?limit=2"
    first = shop.staff.get(path)
    rest = shop.staff.get(f"{path}&cursor={first['next_cursor']}")
    assert [entry["what"] for entry in first["data"] + rest["data"]] == ["spend", "spend", "issue"]
    assert rest["next_cursor"] is None


def test_a_card_pays_for_all_of_an_order(shop: Shop) -> None:
    card = gift_card(shop, 5000)
    order = pay_with(shop, card, payment_method=None)
    page = order.get()
    assert (page["status"], page["payment_status"], page["payment_method"]) == ("confirmed", "paid", "gift_card")
    shown = order.placed["payment"]
    assert (shown["method"], shown["status"], shown["amount"]) == ("gift_card", "captured", eur(TOTAL))
    assert tenders(order.id) == [("gift_card", "captured", TOTAL, 0)]
    assert moved(shop, card) == [("issue", 5000), ("spend", -TOTAL)]
    deliver(shop, order)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert order.names().count("payment_captured") == 1
    assert books_are_right(order.id)
    assert page["totals"]["total"] == eur(TOTAL)
    assert page["totals"]["discount"] == eur(0)


def test_several_cards_pay_in_the_order_in_which_they_were_named(shop: Shop) -> None:
    cards = [gift_card(shop, cents) for cents in (300, 1000, 5000)]
    order = pay_with(shop, *cards, payment_method=None)
    assert tenders(order.id) == [("gift_card", "captured", cents, 0) for cents in (300, 1000, 485)]
    assert [left_on(shop, card) for card in cards] == [0, 0, 4515]


def test_a_card_that_is_not_needed_is_not_touched(shop: Shop) -> None:
    first, second = gift_card(shop, 5000), gift_card(shop, 300)
    order = pay_with(shop, first, second)
    assert [method for method, *_ in tenders(order.id)] == ["gift_card"]
    assert moved(shop, second) == [("issue", 300)]


def test_what_is_missing_is_paid_at_the_door(shop: Shop) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card)
    assert (order.get()["status"], order.get()["payment_status"]) == ("confirmed", "partially_paid")
    shown = order.placed["payment"]
    assert (shown["method"], shown["status"], shown["amount"]) == ("cash_on_delivery", "created", eur(TOTAL - 1000))
    assert books_are_right(order.id, left=TOTAL - 1000)
    deliver(shop, order)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert books_are_right(order.id)


def test_what_is_missing_is_paid_by_card(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, payment_method="card")
    assert (order.get()["status"], order.get()["payment_status"]) == ("pending_payment", "partially_paid")
    assert bank.intents["pi_000001"]["amount"] == TOTAL - 1000
    bank.pay(order.placed["payment"]["client_secret"])
    shop.hear(bank)
    assert order.get()["status"] == "confirmed"
    deliver_by_card(shop, bank, order)
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert books_are_right(order.id)


def test_a_rest_that_is_too_little_for_a_card_is_not_paid_by_one(shop: Shop, bank: StripeServer) -> None:
    card = gift_card(shop, TOTAL - 49)
    refused = refusal(shop.ready_cart().check_out, gift_cards=[card["code"]], payment_method="card")
    assert (refused["status"], refused["code"]) == (422, "payment_method_unavailable")
    assert left_on(shop, card) == TOTAL - 49


def test_what_is_added_to_what_a_gift_card_paid_is_paid_by_card_whatever_is_asked_for(
    shop: Shop, bank: StripeServer
) -> None:
    order = pay_with(shop, gift_card(shop), payment_method=None)
    edit(shop, order, set={"MUG": 2}, reason="more")
    more = order.post("/payments", {"payment_method": "gift_card"})
    assert (more["method"], more["amount"]) == ("card", eur(1290))
    assert bank.pay(more["client_secret"])


def test_the_same_code_twice_is_one_card(shop: Shop) -> None:
    card = gift_card(shop, 1000)
    order = pay_with(shop, card, card)
    assert [amount for _, _, amount, _ in tenders(order.id)] == [1000, TOTAL - 1000]
    assert left_on(shop, card) == 0


def test_a_tender_takes_nothing_off_the_tax(shop: Shop) -> None:
    zone = {"id": "nl", "name": "Netherlands", "country": "NL", "rates": [{"name": "BTW", "percent": "21"}]}
    shop.staff.put("/admin/tax-settings", {"home": {"country": "NL"}, "zones": [zone]})
    plain = shop.order(("MUG", 1)).get()["totals"]
    assert pay_with(shop, gift_card(shop, 1000)).get()["totals"] == plain
    assert plain["tax"]["amount"]


def nothing_happened(shop: Shop, cart: Cart) -> bool:
    orders = shop.staff.get("/admin/orders")["data"]
    return orders == [] and shop.stock("MUG")["available"] == 20 and bool(cart.get()["lines"])


def test_a_card_that_can_not_be_used_pays_for_nothing(shop: Shop, travel: Callable[[timedelta], None]) -> None:
    good, used_up, off = gift_card(shop, 9000), gift_card(shop, 1), gift_card(shop)
    shop.staff.post(f"/admin/gift-cards/{off['id']}/disable")
    other = shop.staff.post("/admin/gift-cards", {"amount": usd(5000)})
    expires_on = (clock().date()).isoformat()
    short = gift_card(shop, expires_on=expires_on)
    before = [left_on(shop, card) for card in (good, off, short)]
    spend_all(shop, used_up)
    cart = shop.ready_cart()
    wrong = {"code": good["code"][:-1] + ("2" if good["code"][-1] != "2" else "3")}
    travel(timedelta(days=1))
    for card, status, code in (
        (used_up, 409, "gift_card_used_up"),
        (off, 422, "unknown_gift_card"),
        (other, 422, "gift_card_currency"),
        (short, 422, "gift_card_expired"),
        (wrong, 422, "unknown_gift_card"),
    ):
        refused = refusal(cart.check_out, gift_cards=[good["code"], card["code"]])
        assert (refused["status"], refused["code"], refused["pointer"]) == (status, code, "/gift_cards/1")
    assert nothing_happened(shop, cart)
    assert [left_on(shop, card) for card in (good, off, short)] == before


def clock() -> Any:
    from chalicelib.core import clock

    return clock.now()


def spend_all(shop: Shop, card: Json) -> None:
    """As an order would do of which nothing is to be seen."""
    from chalicelib.core import dynamo
    from chalicelib.payments import credit, credit_tables
    from chalicelib.payments.credit_tables import GiftCard

    cents = left_on(shop, card)
    item = GiftCard(**credit_tables.card_key(card["id"]))
    spending = credit.entry(item.pk, credit.SPEND, -cents, "EUR")
    dynamo.transaction([dynamo.update(item, credit.changes(item, -cents)), spending])


def test_a_card_can_be_spent_on_its_last_day(shop: Shop) -> None:
    card = gift_card(shop, expires_on=clock().date().isoformat())
    assert pay_with(shop, card).get()["payment_status"] == "paid"


def test_at_most_three_cards_pay_for_an_order(shop: Shop) -> None:
    cards = [gift_card(shop, 10)["code"] for _ in range(4)]
    refused = refusal(shop.ready_cart().check_out, gift_cards=cards)
    assert (refused["status"], refused["pointer"]) == (422, "/gift_cards")


def test_how_the_rest_is_paid_has_to_be_said(shop: Shop) -> None:
    card, cart = gift_card(shop, 1000), shop.ready_cart()
    refused = refusal(cart.check_out, gift_cards=[card["code"]], payment_method=None)
    assert (refused["status"], refused["code"]) == (422, "payment_method_required")
    assert (refused["pointer"], refused["missing"]) == ("/payment_method", eur(TOTAL - 1000))
    refused = refusal(cart.check_out, payment_method=None)
    assert (refused["status"], refused["pointer"]) == (422, "/payment_method")
    for method in ("gift_card", "store_credit", "exchange_credit"):
        assert refusal(cart.check_out, payment_method=method)["code"] == "unknown_payment_method"
    assert nothing_happened(shop, cart)
    assert left_on(shop, card) == 1000


def test_the_same_checkout_again_spends_once(shop: Shop, bank: StripeServer) -> None:
    card, cart = gift_card(shop, 1000), shop.ready_cart()
    wish = cart.wish(gift_cards=[card["code"]], payment_method="card")
    placed = cart.post("/checkout", wish, key=KEY)
    assert cart.post("/checkout", wish, key=KEY) == placed
    assert left_on(shop, card) == 0
    bank.pay(placed["payment"]["client_secret"])
    shop.hear(bank)
    again = cart.post("/checkout", wish, key=KEY)
    assert again["payment"]["id"] == placed["payment"]["id"]
    assert again["payment"]["method"] == "card"


def test_of_two_who_spend_a_card_at_once_one_does(shop: Shop, weather: Any) -> None:
    card = gift_card(shop, 2000)
    rival, cart = shop.ready_cart(), shop.ready_cart()
    wish = rival.wish(gift_cards=[card["code"]], payment_method=None)
    weather("TransactWriteItems", [lambda: rival.post("/checkout", wish)])
    refused = refusal(cart.check_out, gift_cards=[card["code"]], payment_method=None)
    assert (refused["code"], refused["missing"]) == ("payment_method_required", eur(TOTAL - 215))
    assert left_on(shop, card) == 215
    assert len(shop.staff.get("/admin/orders")["data"]) == 1


def test_a_card_that_is_used_up_meanwhile_pays_for_nothing(shop: Shop, weather: Any) -> None:
    card = gift_card(shop, TOTAL)
    rival, cart = shop.ready_cart(), shop.ready_cart()
    wish = rival.wish(gift_cards=[card["code"]])
    weather("TransactWriteItems", [lambda: rival.post("/checkout", wish)])
    refused = refusal(cart.check_out, gift_cards=[card["code"]])
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "gift_card_used_up", "/gift_cards/0")
    assert len(shop.staff.get("/admin/orders")["data"]) == 1


def test_a_card_that_is_disabled_meanwhile_pays_for_nothing(shop: Shop, weather: Any) -> None:
    card, cart = gift_card(shop), shop.ready_cart()
    weather("TransactWriteItems", [lambda: shop.staff.post(f"/admin/gift-cards/{card['id']}/disable")])
    assert refusal(cart.check_out, gift_cards=[card["code"]])["code"] == "unknown_gift_card"
    assert left_on(shop, card) == 5000


def test_whoever_checks_out_after_a_conflict_gets_what_is_left(shop: Shop, weather: Any) -> None:
    card = gift_card(shop, 2000)
    rival, cart = shop.ready_cart(), shop.ready_cart()
    wish = rival.wish(gift_cards=[card["code"]])
    weather("TransactWriteItems", [lambda: rival.post("/checkout", wish)])
    placed = cart.check_out(gift_cards=[card["code"]])
    assert placed["payment"]["amount"] == eur(TOTAL - 215)
    assert left_on(shop, card) == 0


def test_the_limits_at_the_door_are_for_what_is_paid_there(shop: Shop) -> None:
    shop.staff.put("/admin/order-policy", {"guest_cod_limit": [eur(1000)], "open_orders_per_email": 1})
    assert refusal(shop.ready_cart().check_out)["code"] == "payment_method_unavailable"
    card = gift_card(shop, 5000)
    for _ in range(2):  # what is paid counts for no limit
        assert pay_with(shop, card).get()["status"] == "confirmed"
    pay_with(shop, gift_card(shop, TOTAL - 900))
    assert refusal(shop.ready_cart().check_out, gift_cards=[card["code"]])["code"] == "too_many_open_orders"


def test_staff_look_at_what_guests_owe_at_the_door(shop: Shop) -> None:
    shop.staff.put("/admin/order-policy", {"guest_cod_review_from": [eur(900)]})
    orders = [pay_with(shop, gift_card(shop, TOTAL - missing)) for missing in (899, 900)]
    pages = [shop.staff.get(f"/admin/orders/{order.id}") for order in orders]
    assert [page["hold"] is not None for page in pages] == [False, True]


def test_a_method_is_offered_for_what_is_missing(shop: Shop) -> None:
    from chalicelib.core import cache, dynamo
    from chalicelib.core.money import Money
    from chalicelib.payments import offering_tables
    from chalicelib.payments.methods import MethodTerms
    from chalicelib.payments.offering_tables import KeptTerms

    key = offering_tables.terms_key("cash_on_delivery")
    terms = MethodTerms(most=(Money(1000, "EUR"),), least=(Money(100, "EUR"),))
    dynamo.write(dynamo.put(KeptTerms(**key, terms=terms)))
    cache.forget()
    assert refusal(shop.ready_cart().check_out)["code"] == "payment_method_unavailable"
    assert pay_with(shop, gift_card(shop, 1000)).get()["status"] == "confirmed"
    assert pay_with(shop, gift_card(shop, TOTAL)).get()["status"] == "confirmed"
    almost = gift_card(shop, TOTAL - 1)
    refused = refusal(shop.ready_cart().check_out, gift_cards=[almost["code"]])
    assert refused["code"] == "payment_method_unavailable"
    assert left_on(shop, almost) == TOTAL - 1


def test_what_is_digital_is_delivered_at_once_where_a_card_pays_for_it(shop: Shop) -> None:
    shop.product("ebook", variants=[{"sku": "EBOOK", "price": eur(500), "digital": True}])
    card, cart = gift_card(shop, 600), shop.cart(("EBOOK", 1))
    order = shop.order_of(cart.check_out(gift_cards=[card["code"]], payment_method=None))
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    shop.deliver()
    assert books_are_right(order.id)


def test_what_costs_nothing_takes_nothing_from_a_card(shop: Shop) -> None:
    shop.product("sticker", variants=[{"sku": "STICKER", "price": eur(0), "digital": True}])
    card, cart = gift_card(shop, 600), shop.cart(("STICKER", 1))
    order = shop.order_of(cart.check_out(gift_cards=[card["code"]], payment_method=None))
    assert (order.get()["status"], order.get()["payment_status"]) == ("completed", "paid")
    assert moved(shop, card) == [("issue", 600)]


def test_a_cart_of_forty_skus_has_room_for_a_card(shop: Shop) -> None:
    """Each takes five writes more: what does not fit is refused, and nothing is spent."""
    variants = [{"sku": f"S{n}", "option_values": [str(n)], "price": eur(100), "stock": {"ams": 9}} for n in range(40)]
    shop.product("set", options=["Number"], variants=variants)
    shop.staff.put("/admin/order-policy", {})  # with the caps that every shop begins with
    cards = [gift_card(shop, 500) for _ in range(3)]
    cart = shop.ready_cart(*((f"S{n}", 1) for n in range(40)))
    refused = refusal(cart.check_out, gift_cards=[card["code"] for card in cards], key=KEY)
    assert (refused["status"], refused["code"]) == (422, "too_large")
    assert [left_on(shop, card) for card in cards] == [500] * 3
    order = shop.order_of(cart.check_out(gift_cards=[cards[0]["code"]], key=KEY))
    assert order.get()["quantity"] == 40
    assert left_on(shop, cards[0]) == 0
