"""Invoices and credit notes: numbers without a gap, documents that are written once, files that stay."""

import hashlib
import io
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import disputing
import pypdf
import pytest
from botocore.exceptions import ClientError
from inprocess import ADDRESS, Buyer, Order, Shop, eur
from refusals import refusal
from strict_disputes import Disputes
from strict_stripe import StripeServer

from chalicelib.core import clock
from chalicelib.orders.invoices import invoice_store, invoice_tables, invoices

Json = dict[str, Any]
SELLER = {
    "address": {**ADDRESS, "name": "Jishi 集市 B.V."},
    "tax_ids": [{"name": "Btw-nummer", "value": "NL001234567B01"}],
    "register": "KvK 12345678",
    "footer": "Dank!",
}


@pytest.fixture
def seller(shop: Shop) -> Iterator[Shop]:
    """A shop that has said who sells."""
    invoice_store._s3.cache_clear()
    shop.staff.put("/admin/seller", SELLER)
    shop.product("mug", stock={"ams": 500})
    shop.product("bowl", stock={"ams": 500})
    yield shop
    invoice_store._s3.cache_clear()


def send(shop: Shop, order: Order, *steps: str) -> None:
    parcel = order.get("/shipments")["data"][0]["id"]
    for step in steps or ("pack", "dispatch"):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", {"tracking_number": "T"} if step == "dispatch" else {})


def dispatched(shop: Shop, *lines: tuple[str, int]) -> Order:
    order = shop.order(*lines)
    shop.deliver()
    send(shop, order)
    shop.deliver()
    return order


def file(url: str) -> bytes:
    key = urlsplit(url).path.removeprefix("/media/")
    return bytes(boto3.client("s3").get_object(Bucket="media", Key=key)["Body"].read())


def numbers(shop: Shop) -> list[str]:
    return sorted(item["number"] for item in shop.staff.get("/admin/invoices?limit=100")["data"])


def test_an_order_is_invoiced_when_its_first_parcel_leaves(seller: Shop) -> None:
    order = seller.order(("MUG", 2), ("BOWL", 1))
    seller.deliver()
    send(seller, order, "pack")
    seller.deliver()
    assert order.get("/invoices")["data"] == []
    send(seller, order, "dispatch")
    seller.deliver()
    (invoice,) = order.get("/invoices")["data"]
    year = clock.now().year
    assert (invoice["number"], invoice["kind"]) == (f"INV-{year}-000001", "invoice")
    assert invoice["total"] == order.placed["order"]["total"]
    pdf = file(invoice["url"])
    assert hashlib.sha256(pdf).hexdigest() == invoice["sha256"]
    text = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    for told in (
        f"Factuur INV-{year}-000001",
        "Jishi 集市 B.V.",
        ADDRESS["name"],
        "NL001234567B01",
        order.placed["order"]["number"],
    ):
        assert told in text
    assert json.loads(file(invoice["data_url"]))["total"] == invoice["total"]["amount"]
    send(seller, order, "deliver")
    seller.deliver()
    assert order.get("/invoices")["data"][1:] == []


def test_what_is_not_sent_is_invoiced_once_it_is_paid(seller: Shop, bank: StripeServer) -> None:
    seller.product("ebook", variants=[{"sku": "EBOOK", "price": eur(900), "digital": True}])
    placed = seller.cart(("EBOOK", 1)).check_out(payment_method="card")
    order = seller.order_of(placed)
    seller.hear(bank)
    assert order.get("/invoices")["data"] == []
    bank.pay(placed["payment"]["client_secret"])
    seller.hear(bank)
    (invoice,) = order.get("/invoices")["data"]
    assert (invoice["kind"], invoice["total"]) == ("invoice", eur(900))


def test_the_link_is_signed_and_nobody_can_read_the_file_without_it(seller: Shop) -> None:
    order = dispatched(seller, ("MUG", 1))
    (invoice,) = order.get("/invoices")["data"]
    assert "X-Amz-Expires=300" in invoice["url"]
    assert urlsplit(invoice["url"]).path.startswith(f"/media/invoices/{order.id}/INV-")


def test_an_order_that_was_called_off_before_has_no_document(seller: Shop) -> None:
    order = seller.order(("MUG", 1))
    seller.deliver()
    order.post("/cancel")
    seller.deliver()
    assert order.get("/invoices")["data"] == []


def test_what_is_given_back_is_credited(seller: Shop) -> None:
    order = dispatched(seller, ("MUG", 2))
    send(seller, order, "deliver")
    seller.deliver()
    seller.staff.post(f"/admin/orders/{order.id}/refunds", {"reason": "broken"})
    seller.deliver()
    invoice, credit = seller.staff.get(f"/admin/orders/{order.id}/invoices")["data"]
    assert (credit["number"], credit["kind"]) == (f"CN-{clock.now().year}-000001", "credit_note")
    assert credit["total"] == invoice["total"]
    text = pypdf.PdfReader(io.BytesIO(file(credit["url"]))).pages[0].extract_text()
    assert invoice["number"] in text


def test_a_promised_refund_that_a_bank_forestalled_is_credited(
    seller: Shop, bank: StripeServer, disputes: Disputes
) -> None:
    """Of an order sent and promised back the customer owes nothing: their bank has given it back."""
    placed = seller.ready_cart(("MUG", 1)).check_out(payment_method="card")
    guest = seller.order_of(placed)
    order = Buyer(guest.api, guest.path, placed)
    disputing.sent(seller, bank, order)
    seller.staff.post(f"/admin/orders/{order.id}/refunds")
    disputing.opened(seller, bank, disputes)
    assert [item["kind"] for item in order.get("/invoices")["data"]] == ["invoice"]
    disputing.decided(seller, bank, disputes, "lost")
    invoice, credit = order.get("/invoices")["data"]
    assert (credit["kind"], credit["total"]) == ("credit_note", invoice["total"])


def test_thirty_orders_told_of_in_any_order_and_more_than_once_have_thirty_numbers(
    seller: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.orders.consumers import orders_invoices

    dice = random.Random(7)
    orders = [seller.order(("MUG", 1)) for _ in range(30)]
    seller.deliver()
    for order in orders:
        send(seller, order)
    told = [event for event in seller.events() if event["name"] == "ShipmentDispatched"]
    waiting = told * 3
    dice.shuffle(waiting)
    put = invoice_store.put_once

    def put_or_not(*args: Any) -> bytes:
        lost = dice.random()
        if lost < 0.2:
            raise ConnectionError("before")
        done = put(*args)
        if lost < 0.4:
            raise ConnectionError("after")
        return done

    monkeypatch.setattr(invoice_store, "put_once", put_or_not)
    failed = 0
    while waiting:
        event = waiting.pop()
        if seller.consume(orders_invoices, seller.envelope(event)):
            failed += 1
            waiting.insert(dice.randrange(len(waiting) + 1), event)
    assert failed > 5
    year = clock.now().year
    assert numbers(seller) == [f"INV-{year}-{n:06d}" for n in range(1, 31)]
    for order in orders:
        (invoice,) = order.get("/invoices")["data"]
        assert hashlib.sha256(file(invoice["url"])).hexdigest() == invoice["sha256"]


@pytest.mark.parametrize("same", [True, False])
def test_of_two_who_write_an_invoice_at_once_one_looks_again(
    seller: Shop, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    one, other = seller.order(("MUG", 1)), seller.order(("BOWL", 1))
    seller.deliver()
    last_of, turns = invoice_tables.last_of, [one.id if same else other.id]

    def overtaken(*args: Any) -> int:
        """Between reading the last number and writing the next, somebody else writes an invoice."""
        last = last_of(*args)
        if turns:
            invoices.follow(turns.pop(), sent=True)
        return last

    monkeypatch.setattr(invoice_tables, "last_of", overtaken)
    for order in (one, other):
        invoices.follow(order.id, sent=True)
    year = clock.now().year
    assert numbers(seller) == [f"INV-{year}-000001", f"INV-{year}-000002"]
    assert len(one.get("/invoices")["data"]) == len(other.get("/invoices")["data"]) == 1


def test_an_invoice_that_two_write_on_either_side_of_new_years_eve_is_one(
    seller: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = seller.order(("MUG", 1))
    seller.deliver()
    last_of, now, turns = invoice_tables.last_of, clock.now(), [order.id]

    def overtaken(*args: Any) -> int:
        """Somebody else, whose year is the next one already, numbers the same invoice in another series."""
        last = last_of(*args)
        if turns:
            with monkeypatch.context() as later:
                later.setattr(clock, "now", lambda: now.replace(year=now.year + 1, day=1))
                invoices.follow(turns.pop(), sent=True)
        return last

    monkeypatch.setattr(invoice_tables, "last_of", overtaken)
    invoices.follow(order.id, sent=True)
    (invoice,) = order.get("/invoices")["data"]
    assert invoice["number"] == f"INV-{now.year + 1}-000001"


def test_each_year_counts_anew(seller: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatched(seller, ("MUG", 1))
    late = seller.order(("MUG", 1))
    seller.deliver()
    then = clock.now().replace(year=clock.now().year + 1, day=1)
    monkeypatch.setattr(clock, "now", lambda: then)
    invoices.follow(late.id, sent=True)
    assert late.get("/invoices")["data"][0]["number"] == f"INV-{then.year}-000001"


def test_a_file_is_never_written_over(seller: Shop) -> None:
    assert invoice_store.put_once("x", b"first", "text/plain") == b"first"
    assert invoice_store.put_once("x", b"second", "text/plain") == b"first"


def test_a_store_that_refuses_is_an_error(seller: Shop) -> None:
    boto3.client("s3").delete_bucket(Bucket="media")
    with pytest.raises(ClientError):
        invoice_store.put_once("x", b"first", "text/plain")


def test_a_shop_that_has_not_said_who_sells_writes_no_invoice_and_can_ask_for_it_later(shop: Shop) -> None:
    invoice_store._s3.cache_clear()
    shop.product()
    order = dispatched(shop)
    assert refusal(shop.staff.get, "/admin/seller")["status"] == 404
    assert order.get("/invoices")["data"] == []
    assert refusal(shop.staff.post, f"/admin/orders/{order.id}/invoices")["code"] == "no_seller"
    shop.staff.put("/admin/seller", SELLER)
    assert shop.staff.post(f"/admin/orders/{order.id}/invoices") == {"order_id": order.id}
    shop.deliver()
    assert len(order.get("/invoices")["data"]) == 1


def test_the_prefixes_of_numbers_stay_as_they_are(shop: Shop) -> None:
    same = refusal(shop.staff.put, "/admin/seller", {**SELLER, "credit_note_prefix": "INV"})
    assert (same["status"], same["pointer"]) == (422, "/credit_note_prefix")
    made = shop.staff.put("/admin/seller", {**SELLER, "invoice_prefix": "RE"})
    assert shop.staff.get("/admin/seller") == made
    refused = refusal(shop.staff.put, "/admin/seller", SELLER)
    assert (refused["status"], refused["code"]) == (409, "prefix_is_fixed")
    changed = shop.staff.put("/admin/seller", {**SELLER, "invoice_prefix": "RE", "register": "KvK 2"})
    assert changed["register"] == "KvK 2"


def test_staff_read_a_months_documents_page_by_page(seller: Shop) -> None:
    for _ in range(5):
        dispatched(seller, ("MUG", 1))
    seen, cursor = [], ""
    while True:
        page = seller.staff.get(f"/admin/invoices?limit=2{cursor}")
        assert len(page["data"]) <= 2
        seen += [item["number"] for item in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    assert seller.staff.get("/admin/invoices?month=2001-01")["data"] == []
    assert refusal(seller.staff.get, "/admin/invoices?month=2001-13")["status"] == 422


def test_no_other_function_imports_the_library_that_prints() -> None:
    import subprocess
    import sys

    program = (
        "import sys, app, chalicelib.orders.consumers\n"
        "assert not {'reportlab', 'babel', 'PIL', 'boto3'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def dutch_vat(shop: Shop, *, included: bool) -> None:
    rates = [{"name": "BTW", "percent": "21"}]
    taxes = {
        "home": {"country": "NL"},
        "union": ["NL", "DE"],
        "zones": [{"id": "nl", "name": "Netherlands", "country": "NL", "rates": rates}],
        "prices_include_tax": included,
        "version": shop.staff.get("/admin/tax-settings")["version"],
    }
    shop.staff.put("/admin/tax-settings", taxes)


@pytest.mark.parametrize("included", [True, False])
def test_a_document_says_what_of_it_is_tax(seller: Shop, included: bool) -> None:
    dutch_vat(seller, included=included)
    order = dispatched(seller, ("MUG", 1), ("BOWL", 2))
    (invoice,) = order.get("/invoices")["data"]
    content = json.loads(file(invoice["data_url"]))
    charged = order.placed["order"]["totals"]["tax"]["amount"]
    assert sum(tax["amount"] for tax in content["taxes"]) == charged > 0
    assert {tax["rate"] for tax in content["taxes"]} == {"21"}
    (listed,) = seller.staff.get("/admin/invoices")["data"]
    assert listed["taxes"] == content["taxes"]
    seller.staff.post(f"/admin/shipments/{order.get('/shipments')['data'][0]['id']}/deliver", {})
    seller.deliver()
    seller.staff.post(f"/admin/orders/{order.id}/refunds", {"reason": "broken"})
    seller.deliver()
    credit = json.loads(file(order.get("/invoices")["data"][1]["data_url"]))
    assert credit["total"] == -content["total"]
    assert [tax["amount"] for tax in credit["taxes"]] == [-tax["amount"] for tax in content["taxes"]]


def test_a_part_of_the_money_back_is_a_credit_note_of_that_part(seller: Shop) -> None:
    order = dispatched(seller, ("MUG", 2))
    send(seller, order, "deliver")
    seller.deliver()
    path = f"/admin/orders/{order.id}/refunds"
    for amount in (100, 200):
        seller.staff.post(path, {"reason": "late", "amount": {"amount": amount, "currency": "EUR"}})
        seller.deliver()
    totals = [item["total"]["amount"] for item in order.get("/invoices")["data"]]
    assert totals[1:] == [100, 200]
    content = json.loads(file(order.get("/invoices")["data"][2]["data_url"]))
    assert [(line["kind"], line["to_pay"]) for line in content["lines"]] == [("refund", -200)]


def test_it_is_written_to_whom_it_is_billed_to_in_the_language_that_they_read(seller: Shop) -> None:
    cart = seller.ready_cart(("MUG", 1))
    cart.put("/billing", {"company": "Müller KG", "vat_id": "DE136695976", "address": {**ADDRESS, "name": "王小明"}})
    order = seller.order_of(cart.check_out(locale="zh-CN"))
    seller.deliver()
    send(seller, order)
    seller.deliver()
    text = pypdf.PdfReader(io.BytesIO(file(order.get("/invoices")["data"][0]["url"]))).pages[0].extract_text()
    for told in ("发票", "Müller KG", "税号 DE136695976", "王小明"):
        assert told in text


def lines_of(order: Order) -> list[list[tuple[str, int, int]]]:
    """What the lines of each document say: kind and SKU, pieces, amount."""
    contents = [json.loads(file(item["data_url"])) for item in order.get("/invoices")["data"]]
    return [[(line["sku"] or line["kind"], line["quantity"], line["to_pay"]) for line in c["lines"]] for c in contents]


def test_what_is_taken_out_after_the_invoice_is_credited_by_its_line(seller: Shop) -> None:
    seller.product("plate", stock={"sha": 5})
    order = seller.order(("MUG", 1), ("PLATE", 2))
    seller.deliver()
    send(seller, order)
    seller.deliver()
    seller.staff.post(f"/admin/orders/{order.id}/cancel-lines", {"lines": {"PLATE": 1}})
    seller.deliver()
    assert lines_of(order) == [
        [("MUG", 1, 1290), ("PLATE", 2, 2580), ("shipping", 1, 495)],
        [("PLATE", -1, -1290)],
    ]


@pytest.mark.parametrize("fee", [None, 300])
def test_a_return_is_credited_by_its_pieces_once_it_is_paid_back(seller: Shop, fee: int | None) -> None:
    order = dispatched(seller, ("MUG", 3))
    send(seller, order, "deliver")
    seller.deliver()
    broken = {"sku": "MUG", "quantity": 2, "reason": "damaged"}
    path = f"/admin/returns/{order.post('/returns', {'lines': [broken]})['id']}"
    seller.staff.post(f"{path}/approve", {})
    came = {"sku": "MUG", "quantity": 2, "condition": "resellable", "location": "ams"}
    seller.staff.post(f"{path}/receive", {"lines": [came]})
    seller.deliver()
    assert len(lines_of(order)) == 1
    seller.staff.post(f"{path}/refund", {"fee": {"amount": fee, "currency": "EUR"}} if fee else {})
    seller.deliver()
    kept = [("retained", 1, fee)] if fee else []
    assert lines_of(order)[1:] == [[("MUG", -2, -2580), *kept]]
