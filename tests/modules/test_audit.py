"""What staff change is on record, once, in the transaction of the change."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import buyers
import disputing
import pytest
from inprocess import ADDRESS, OWNER, Buyer, Shop, eur, staff_operations
from strict_disputes import Disputes
from strict_stripe import StripeServer

from chalicelib.core import audit, clock, dynamo
from chalicelib.core.staff import Staff
from infra.local.client import Refused

Json = dict[str, Any]
TIMES = {"days_min": 1, "days_max": 2}


class Write(NamedTuple):
    path: str
    body: Json
    target: str | None = None  # the id in the answer, if None


# Stripe and the banks behind it, of the test that is running.
BANKS: list[tuple[StripeServer, Disputes]] = []


@pytest.fixture(autouse=True)
def banks(bank: StripeServer, disputes: Disputes) -> None:
    BANKS[:] = [(bank, disputes)]


def draft(handle: str, **fields: Any) -> Json:
    return {"handle": handle, "title": handle, "variants": [{"sku": handle.upper(), "price": eur(100)}], **fields}


def product(step: str, **fields: Any) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        made = shop.staff.post("/admin/products", draft("mug", **fields))
        return Write(f"/admin/products/{made['id']}{step}", draft("mug", title="Cup") if step == "" else {}, made["id"])

    return prepare


def price_list(shop: Shop) -> Write:
    shop.staff.put("/admin/price-lists/sale", {"name": "Sale"})
    return Write("/admin/price-lists/sale", {}, "sale")


def synonyms(shop: Shop) -> Write:
    shop.staff.put("/admin/search/synonyms/couch", {"terms": ["couch", "davenport"]})
    return Write("/admin/search/synonyms/couch", {}, "couch")


def curation(step: str) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        path, body = "/admin/search/curations/gifts", {"queries": ["gift"], "pinned": [shop.product()["id"]]}
        if step == "delete":
            shop.staff.put(path, body)
        return Write(path, body, "gifts")

    return prepare


def shipment(*steps: str) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        shop.product()
        order = shop.order()
        shop.deliver()
        parcel = order.get("/shipments")["data"][0]["id"]
        bodies = [{"tracking_number": "T"} if step == "dispatch" else {} for step in steps]
        for step, body in zip(steps[:-1], bodies[:-1], strict=True):
            shop.staff.post(f"/admin/shipments/{parcel}/{step}", body)
        return Write(f"/admin/shipments/{parcel}/{steps[-1]}", bodies[-1], parcel)

    return prepare


def sale_terms(shop: Shop) -> Write:
    shop.staff.put("/admin/sale-terms/MUG", {"most_per_customer": 2})
    return Write("/admin/sale-terms/MUG", {}, "MUG")


def split(shop: Shop) -> Write:
    shop.product()
    order = shop.order(("MUG", 2))
    shop.deliver()
    parcel = order.get("/shipments")["data"][0]["id"]
    return Write(f"/admin/shipments/{parcel}/split", {"lines": {"MUG": 1}}, parcel)


def order(shop: Shop) -> Write:
    shop.product()
    placed = shop.order().id
    return Write(f"/admin/orders/{placed}/cancel", {"reason": "Lin called: +31 6 1234"}, placed)


def of_order(step: str, **body: Any) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        path, _, placed = order(shop)
        return Write(path.replace("cancel", step), body, placed)

    return prepare


def held(shop: Shop) -> Write:
    path, _, placed = order(shop)
    shop.staff.post(path.replace("cancel", "hold"), {"reason": "Lin called"})
    return Write(path.replace("cancel", "release"), {}, placed)


def order_filter(shop: Shop) -> Write:
    shop.staff.put("/admin/order-filters/late", {"name": "Late", "filter": {}})
    return Write("/admin/order-filters/late", {}, "late")


def change(verb: str, body: Json) -> Callable[[Shop], Write]:
    """A change of an order of three mugs."""

    def prepare(shop: Shop) -> Write:
        shop.product()
        placed = shop.order(("MUG", 3))
        shop.deliver()
        return Write(f"/admin/orders/{placed.id}/{verb}", {**body, "reason": "Lin called"}, placed.id)

    return prepare


def transferred(shop: Shop) -> str:
    """A payment that somebody has to say has arrived."""
    shop.product()
    shop.staff.put("/admin/payment-methods/bank_transfer", {})
    return str(shop.ready_cart().check_out(payment_method="bank_transfer")["payment"]["id"])


def received(shop: Shop) -> Write:
    return Write(f"/admin/payments/{transferred(shop)}/receive", {"amount": eur(1785), "reference": "Lin"})


def to_pay_out(shop: Shop) -> Write:
    shop.staff.post(f"/admin/payments/{transferred(shop)}/receive", {"amount": eur(2000)})
    (refund,) = shop.staff.get("/admin/refunds/to-pay-out")["data"]
    return Write(f"/admin/refunds/{refund['id']}/pay-out", {}, refund["id"])


def delivered(shop: Shop) -> Write:
    """An order that was paid at the door, to be paid back."""
    shop.product()
    placed = shop.order()
    shop.deliver()
    parcel = placed.get("/shipments")["data"][0]["id"]
    for step, body in (("pack", {}), ("dispatch", {"tracking_number": "T"}), ("deliver", {})):
        shop.staff.post(f"/admin/shipments/{parcel}/{step}", body)
    shop.deliver()
    return Write(f"/admin/orders/{placed.id}/refunds", {"reason": "Lin called"})


def disputed(verb: str, **body: str) -> Callable[[Shop], Write]:
    """A dispute of what a card paid."""

    def prepare(shop: Shop) -> Write:
        shop.product()
        placed = shop.ready_cart().check_out(payment_method="card")
        guest = shop.order_of(placed)
        order, (bank, disputes) = Buyer(guest.api, guest.path, placed), BANKS[-1]
        disputing.packed(shop, bank, order)
        disputing.opened(shop, bank, disputes)
        dispute = disputing.of(shop, order)["id"]
        return Write(f"/admin/disputes/{dispute}/{verb}", body, dispute)

    return prepare


def unwritten_invoice(shop: Shop) -> Write:
    shop.product()
    shop.staff.put("/admin/seller", {"address": ADDRESS})
    placed = shop.order().id
    return Write(f"/admin/orders/{placed}/invoices", {}, placed)


def comeback(*steps: str) -> Callable[[Shop], Write]:
    """A return that was moved by all of `steps` but the last."""
    received = [{"sku": "MUG", "quantity": 1, "condition": "resellable", "location": "ams"}]
    bodies: dict[str, Json] = {"reject": {"reason": "Lin broke it"}, "receive": {"lines": received}}
    bodies["exchange"] = {"lines": {"MUG": 1}}

    def prepare(shop: Shop) -> Write:
        shop.product()
        broken = {"sku": "MUG", "quantity": 1, "reason": "damaged", "comment": "Lin sat on it"}
        made = buyers.delivered(shop).post("/returns", {"lines": [broken]})["id"]
        for step in steps[:-1]:
            shop.staff.post(f"/admin/returns/{made}/{step}", bodies.get(step, {}))
        return Write(f"/admin/returns/{made}/{steps[-1]}", bodies.get(steps[-1], {}), made)

    return prepare


def category(shop: Shop) -> Write:
    shop.staff.put("/admin/categories/cups", {"name": "Cups"})
    return Write("/admin/categories/cups", {}, "cups")


def review(verdict: str, **body: Any) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        shop.product()
        made = buyers.write(buyers.delivered(shop))["id"]
        return Write(f"/admin/reviews/{made}/{verdict}", body, made)

    return prepare


def collection(step: str) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        shop.staff.put("/admin/collections/summer", {"name": "Summer"})
        body = {"products": [shop.product("mug")["id"]]} if step else {}
        return Write(f"/admin/collections/summer{step}", body, "summer")

    return prepare


def attribute(shop: Shop) -> Write:
    shop.staff.put("/admin/attributes/material", {"name": "Material"})
    return Write("/admin/attributes/material", {}, "material")


SALE = {"name": "Sale", "effect": {"type": "percent_off", "percent": 10}}


def promotion(method: str) -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        if method != "put":
            shop.staff.put("/admin/promotions/sale", SALE)
        return Write("/admin/promotions/sale", SALE, "sale")

    return prepare


def coupon(path: str, body: Json, target: str | None = "HELLO") -> Callable[[Shop], Write]:
    def prepare(shop: Shop) -> Write:
        shop.staff.put("/admin/promotions/sale", SALE)
        if path.endswith("/disable"):
            shop.staff.post("/admin/coupons", {"code": "HELLO", "promotion": "sale"})
        return Write(path, body, target)

    return prepare


def finding(shop: Shop) -> Write:
    from chalicelib.payments import findings

    found = findings.Found("refund_not_ours", "txn_1", clock.now(), "txn_1")
    made = findings.report(found).id
    return Write(f"/admin/reconciliation/{made}/close", {"reason": "Lin called"}, made)


def gift_card(shop: Shop) -> Write:
    card = shop.staff.post("/admin/gift-cards", {"amount": eur(500)})
    return Write(f"/admin/gift-cards/{card['id']}/disable", {}, card["id"])


def store_credit(shop: Shop) -> Write:
    wanted = {"amount": eur(500), "reason": "for Lin"}
    return Write("/admin/users/sub-of-ann/store-credit", wanted, "sub-of-ann")


# What is sent with a body only because it is too long for a query.
READS = {"orders.preview_promotion"}
# Every write of staff: what it is called in the record, and a request that does it.
WRITES: dict[str, tuple[str, Callable[[Shop], Write]]] = {
    "orders.put_seller": ("seller.put", lambda _: Write("/admin/seller", {"address": ADDRESS}, "seller")),
    "orders.request_invoices": ("invoice.requested", unwritten_invoice),
    "catalog.create_product": ("product.created", lambda _: Write("/admin/products", draft("mug"))),
    "catalog.replace_product": ("product.updated", product("")),
    "catalog.publish_product": ("product.published", product("/publish")),
    "catalog.archive_product": ("product.archived", product("/archive")),
    "catalog.unpublish_product": ("product.unpublished", product("/unpublish", status="published")),
    "catalog.put_category": ("category.put", lambda _: Write("/admin/categories/cups", {"name": "Cups"}, "cups")),
    "catalog.put_price_list": (
        "price_list.put",
        lambda _: Write("/admin/price-lists/vip", {"name": "VIP", "groups": ["vip"]}, "vip"),
    ),
    "catalog.delete_price_list": ("price_list.deleted", price_list),
    "catalog.delete_category": ("category.deleted", category),
    "catalog.put_collection": (
        "collection.put",
        lambda _: Write("/admin/collections/summer", {"name": "Summer"}, "summer"),
    ),
    "catalog.delete_collection": ("collection.deleted", collection("")),
    "catalog.choose_products": ("collection.chosen", collection("/products")),
    "catalog.put_attribute": (
        "attribute.put",
        lambda _: Write("/admin/attributes/material", {"name": "Material"}, "material"),
    ),
    "catalog.delete_attribute": ("attribute.deleted", attribute),
    "catalog.put_synonyms": (
        "synonyms.put",
        lambda _: Write("/admin/search/synonyms/couch", {"terms": ["couch", "davenport"]}, "couch"),
    ),
    "catalog.delete_synonyms": ("synonyms.deleted", synonyms),
    "catalog.put_curation": ("curation.put", curation("put")),
    "catalog.delete_curation": ("curation.deleted", curation("delete")),
    "catalog.start_import": ("import.started", lambda _: Write("/admin/imports", {})),
    "catalog.start_export": ("export.started", lambda _: Write("/admin/exports", {})),
    "catalog.create_picture": (
        "media.created",
        lambda _: Write("/admin/media", {"content_type": "image/png", "size": 7, "filename": "Lin.png"}),
    ),
    "catalog.approve_review": ("review.approved", review("approve")),
    "catalog.reject_review": ("review.rejected", review("reject", reason="Lin swears")),
    "users.put_groups": (
        "customer.groups_put",
        lambda _: Write("/admin/users/sub-of-ann/groups", {"groups": ["vip"]}, "sub-of-ann"),
    ),
    "orders.cancel_any_order": ("order.canceled", order),
    "orders.refund_order": ("refund.requested", delivered),
    "payments.put_method": (
        "payment_method.put",
        lambda _: Write("/admin/payment-methods/invoice", {"net_days": 14}, "invoice"),
    ),
    "payments.receive_payment": ("payment.received", received),
    "payments.pay_out_refund": ("refund.paid_out", to_pay_out),
    "payments.submit_evidence": ("dispute.answered", disputed("evidence", uncategorized_text="Lin signed for it.")),
    "payments.accept_dispute": ("dispute.accepted", disputed("accept")),
    "orders.add_note": (
        "order.noted",
        lambda shop: Write(order(shop).path.replace("cancel", "notes"), {"text": "Lin called"}),
    ),
    "orders.put_tags": ("order.tagged", of_order("tags", tags=["Lin"])),
    "orders.hold_order": ("order.held", of_order("hold", reason="Lin called")),
    "orders.release_order": ("order.released", held),
    "orders.put_order_filter": (
        "order_filter.put",
        lambda _: Write("/admin/order-filters/late", {"name": "Lin's", "filter": {"status": "confirmed"}}, "late"),
    ),
    "orders.delete_order_filter": ("order_filter.deleted", order_filter),
    "orders.approve_return": ("return.approved", comeback("approve")),
    "orders.reject_return": ("return.rejected", comeback("reject")),
    "orders.receive_return": ("return.received", comeback("approve", "receive")),
    "orders.refund_return": ("return.refunded", comeback("approve", "receive", "refund")),
    "orders.exchange_return": ("return.exchanged", comeback("approve", "receive", "exchange")),
    "orders.close_return": ("return.closed", comeback("approve", "close")),
    "orders.put_order_policy": (
        "order_policy.put",
        lambda _: Write("/admin/order-policy", {"return_days": 60}, "order_policy"),
    ),
    "orders.put_promotion": ("promotion.put", promotion("put")),
    "orders.delete_promotion": ("promotion.deleted", promotion("delete")),
    "orders.create_coupon": ("coupon.created", coupon("/admin/coupons", {"code": "hello", "promotion": "sale"})),
    "orders.disable_coupon": ("coupon.disabled", coupon("/admin/coupons/HELLO/disable", {})),
    "orders.generate_coupons": (
        "coupons.generated",
        coupon("/admin/coupon-batches", {"promotion": "sale", "count": 2}, None),
    ),
    "orders.put_sale_terms": (
        "sale_terms.put",
        lambda _: Write("/admin/sale-terms/MUG", {"most_per_customer": 2}, "MUG"),
    ),
    "orders.delete_sale_terms": ("sale_terms.deleted", sale_terms),
    "orders.cancel_any_order_lines": ("order.lines_canceled", change("cancel-lines", {"lines": {"MUG": 1}})),
    "orders.edit_order": ("order.edited", change("edit", {"set": {"MUG": 1}})),
    "orders.put_tax_settings": (
        "tax_settings.put",
        lambda _: Write("/admin/tax-settings", {"prices_include_tax": True}, "tax_settings"),
    ),
    "payments.start_reconciliation": ("reconciliation.started", lambda _: Write("/admin/reconciliation", {})),
    "payments.close_finding": ("finding.closed", finding),
    "payments.issue_gift_card": (
        "gift_card.issued",
        lambda _: Write("/admin/gift-cards", {"amount": eur(500), "note": "for Lin"}),
    ),
    "payments.disable_gift_card": ("gift_card.disabled", gift_card),
    "payments.change_store_credit": ("store_credit.changed", store_credit),
    "logistics.put_location": (
        "location.put",
        lambda _: Write("/admin/locations/ber", {"name": "Berlin", "country": "DE"}, "ber"),
    ),
    "logistics.put_shipping_option": (
        "shipping_option.put",
        lambda _: Write("/admin/shipping-options/bike", {"name": "Bike", "price": eur(100), **TIMES}, "bike"),
    ),
    "logistics.count_stock": (
        "stock.counted",
        lambda _: Write("/admin/stock/MUG", {"location": "ams", "on_hand": 3}, "MUG"),
    ),
    "logistics.spread_stock": ("stock.sharded", lambda _: Write("/admin/stock/MUG/shards", {"shards": 4}, "MUG")),
    "logistics.pack": ("shipment.packed", shipment("pack")),
    "logistics.dispatch": ("shipment.dispatched", shipment("pack", "dispatch")),
    "logistics.split": ("shipment.split", split),
    "logistics.deliver": ("shipment.delivered", shipment("pack", "dispatch", "deliver")),
}


def on_record(shop: Shop) -> list[Json]:
    return shop.staff.get("/admin/audit?limit=100")["data"]


def test_every_write_of_staff_is_tried_here(shop: Shop) -> None:
    writes = {operation.name for operation in staff_operations() if operation.method != "GET"}
    assert set(WRITES) == writes - READS


@pytest.mark.parametrize("name", WRITES)
def test_a_write_leaves_one_entry_however_often_it_is_sent(shop: Shop, name: str) -> None:
    operation = next(o for o in staff_operations() if o.name == name)
    action, prepare = WRITES[name]
    write = prepare(shop)
    known = len(on_record(shop))
    key = {"key": "a-key-of-16-chars"} if operation.takes_key else {}
    send = {"POST": shop.staff.post, "PUT": shop.staff.put, "DELETE": partial(shop.staff.call, "DELETE")}
    answer = send[operation.method](write.path, write.body, **key)
    (entry,) = on_record(shop)[: len(on_record(shop)) - known]
    assert (entry["action"], entry["who"]) == (action, OWNER["sub"])
    assert entry["target"] == (write.target or answer["id"])
    assert "Lin" not in str(entry)
    with suppress(Refused):  # what is gone can not go again
        send[operation.method](write.path, write.body, **key)
    assert len(on_record(shop)) == known + 1


def test_what_a_product_brings_along_is_on_record_too(shop: Shop) -> None:
    known = len(on_record(shop))
    mug = {"sku": "MUG", "price": eur(100), "stock": {"ams": 3, "sha": 0}}
    made = shop.staff.post("/admin/products", draft("mug", variants=[mug], category="tea-cups"))
    bowl = {"sku": "BOWL", "price": eur(100), "stock": {"sha": 2}}
    variants = [mug | {"stock": {"ams": 99}, "option_values": ["S"]}, bowl | {"option_values": ["L"]}]
    changed = draft("mug", options=["Size"], variants=variants, category="bowls")
    for _ in range(2):
        shop.staff.put(f"/admin/products/{made['id']}", changed)
    new = on_record(shop)[: len(on_record(shop)) - known]
    assert {entry["who"] for entry in new} == {OWNER["sub"]}
    told = [(entry["action"], entry["target"], entry["facts"]) for entry in new]
    assert sorted(told, key=str) == [
        ("category.put", "bowls", {"name": "Bowls"}),
        ("category.put", "tea-cups", {"name": "Tea cups"}),
        ("product.created", made["id"], {"handle": "mug"}),
        ("product.updated", made["id"], {"handle": "mug"}),
        ("stock.counted", "BOWL", {"location": "sha", "change": 2, "on_hand": 2}),
        ("stock.counted", "MUG", {"location": "ams", "change": 3, "on_hand": 3}),
        ("stock.counted", "MUG", {"location": "sha", "change": 0, "on_hand": 0}),
    ]
    items = shop.dynamodb.scan(TableName="test-logistics")["Items"]
    assert {item["counted_by"]["S"] for item in items if "counted_by" in item} == {OWNER["sub"]}


def test_what_is_refused_leaves_no_entry(shop: Shop) -> None:
    shop.product("mug", stock={"ams": 5})
    shop.order(("MUG", 2))
    known = on_record(shop)
    status, _, _ = shop.staff.send("PUT", "/admin/stock/MUG", '{"location": "ams", "on_hand": 1}')
    assert (status, on_record(shop)) == (409, known)


def test_a_guests_cancel_is_no_work_of_staff(shop: Shop) -> None:
    shop.product()
    order = shop.order()
    known = on_record(shop)
    order.post("/cancel")
    assert on_record(shop) == known


def test_a_large_product_leaves_one_entry(shop: Shop) -> None:
    known = len(on_record(shop))
    variants = [{"sku": f"S{n}", "price": eur(1), "option_values": [str(n)]} for n in range(120)]
    shop.staff.post("/admin/products", {"handle": "big", "title": "Big", "options": ["Size"], "variants": variants})
    assert [entry["action"] for entry in on_record(shop)][: len(on_record(shop)) - known] == ["product.created"]


def test_the_record_is_read_newest_first_over_months(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = Staff("s", frozenset())
    with monkeypatch.context() as then:
        for n in range(7):
            moment = datetime(2900, 1 + n // 2, 10, n, tzinfo=UTC)
            then.setattr(clock, "now", lambda moment=moment: moment)
            dynamo.write(audit.entry(somebody, "thing.made", str(n)))
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/audit?month=2900-04&limit=3{cursor}")
        seen += [entry["target"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[:7] == ["6", "5", "4", "3", "2", "1", "0"]
    early = shop.staff.get("/admin/audit?month=2900-01")["data"]
    assert [entry["target"] for entry in early][:2] == ["1", "0"]
