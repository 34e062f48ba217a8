"""What staff see of disputes, and what they say to them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import stripe
from disputing import Json, decided, of, opened, packed
from inprocess import Buyer, Shop
from refusals import refusal
from strict_disputes import Disputes
from strict_stripe import StripeServer

EVIDENCE = {"uncategorized_text": "Lin signed for it.", "shipping_carrier": "PostNL"}
KEY = "a-key-of-16-chars"


@pytest.fixture
def order(shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]) -> Buyer:
    """One that is disputed."""
    order = buy()
    packed(shop, bank, order)
    opened(shop, bank, disputes)
    return order


def answer(shop: Shop, order: Buyer, evidence: Json = EVIDENCE, key: str | None = None) -> Json:
    return shop.staff.post(f"/admin/disputes/{of(shop, order)['id']}/evidence", evidence, key=key)


def accept(shop: Shop, order: Buyer) -> Json:
    return shop.staff.post(f"/admin/disputes/{of(shop, order)['id']}/accept")


def test_the_open_ones_are_listed_by_when_they_have_to_be_answered(
    shop: Shop,
    bank: StripeServer,
    disputes: Disputes,
    buy: Callable[..., Buyer],
    travel: Callable[[timedelta], None],
) -> None:
    orders = [buy() for _ in range(3)]
    for order in orders:
        packed(shop, bank, order)
    for number, days in ((2, 3), (3, 1), (1, 2)):
        dispute_id = disputes.open_dispute(f"pi_{number:06d}")
        disputes.disputes[dispute_id]["evidence_details"]["due_by"] += days * 86_400
        if number == 1:
            disputes.disputes[dispute_id]["evidence_details"]["due_by"] = None
    shop.hear(bank)
    first = shop.staff.get("/admin/disputes?state=open&limit=2")
    rest = shop.staff.get(f"/admin/disputes?state=open&limit=2&cursor={first['next_cursor']}")
    assert rest["next_cursor"] is None
    listed = [dispute["order_id"] for dispute in (*first["data"], *rest["data"])]
    assert listed == [orders[2].id, orders[1].id, orders[0].id]
    disputes.decide("du_000001", "lost")
    shop.hear(bank)
    assert [dispute["order_id"] for dispute in shop.staff.get("/admin/disputes")["data"]] == [
        orders[2].id,
        orders[0].id,
    ]


def test_a_dispute_is_shown_with_what_has_to_be_known(shop: Shop, order: Buyer) -> None:
    seen = of(shop, order)
    assert seen == shop.staff.get(f"/admin/disputes/{seen['id']}")
    assert (seen["order_id"], seen["payment_id"], seen["provider_id"]) == (order.id, order.payment_id, "du_000001")
    assert (seen["status"], seen["reason"], seen["needs_answer"]) == ("opened", "fraudulent", True)
    assert seen["amount"] == order.placed["order"]["total"]
    for path in ("dsp_01kdyhq2wgf3v8m6t4x9c7b5az-1", "nonsense"):
        assert refusal(shop.staff.get, f"/admin/disputes/{path}")["status"] == 404


def test_evidence_is_given_to_the_bank_once_and_kept_by_nobody_here(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer
) -> None:
    assert answer(shop, order, key=KEY)["status"] == "under_review"
    assert answer(shop, order, key=KEY)["status"] == "under_review"
    shop.hear(bank)
    assert disputes.evidence == {"du_000001": EVIDENCE}
    assert bank.calls.count("POST /v1/disputes/du_000001") == 1
    assert refusal(answer, shop, order)["code"] == "dispute_not_open"
    everything = [shop.dynamodb.scan(TableName=name)["Items"] for name in shop.dynamodb.list_tables()["TableNames"]]
    assert "Lin signed" not in str(everything)
    decided(shop, bank, disputes, "won")
    assert of(shop, order)["status"] == "won"


def test_evidence_that_comes_too_late_is_refused(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer, travel: Callable[[timedelta], None]
) -> None:
    travel(timedelta(days=9, minutes=1))
    refused = refusal(answer, shop, order)
    assert (refused["status"], refused["code"]) == (409, "evidence_too_late")
    assert refused["evidence_due_at"] == of(shop, order)["evidence_due_at"].replace("Z", ".000Z")
    assert "POST /v1/disputes/du_000001" not in bank.calls


def test_evidence_for_what_was_decided_unheard_is_refused_and_what_it_is_now_is_known(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer
) -> None:
    disputes.decide("du_000001", "lost")
    bank.webhooks.clear()
    assert refusal(answer, shop, order)["code"] == "dispute_not_open"
    assert of(shop, order)["status"] == "lost"


@pytest.mark.parametrize(
    ("evidence", "pointer"),
    [
        ({}, ""),
        ({"uncategorized_text": " "}, "/uncategorized_text"),
        ({"uncategorized_text": "x" * 20_001}, "/uncategorized_text"),
        ({"invented": "x"}, "/invented"),
    ],
)
def test_evidence_that_says_nothing_or_something_else_is_refused(
    shop: Shop, bank: StripeServer, order: Buyer, evidence: Json, pointer: str
) -> None:
    refused = refusal(answer, shop, order, evidence)
    assert (refused["status"], refused["pointer"]) == (422, pointer)
    assert "POST /v1/disputes/du_000001" not in bank.calls


def test_an_inquiry_is_answered_too_and_can_not_be_accepted(
    shop: Shop, bank: StripeServer, disputes: Disputes, buy: Callable[..., Buyer]
) -> None:
    order = buy()
    packed(shop, bank, order)
    disputes.inquire("pi_000001")
    shop.hear(bank)
    assert refusal(accept, shop, order)["code"] == "dispute_not_open"
    assert "POST /v1/disputes/du_000001/close" not in bank.calls
    assert answer(shop, order)["status"] == "inquiry_under_review"


def test_what_is_accepted_is_lost(shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer) -> None:
    assert accept(shop, order)["status"] == "lost"
    assert accept(shop, order)["status"] == "lost"
    shop.hear(bank)
    assert disputes.disputes["du_000001"]["status"] == "lost"
    assert shop.names().count("DisputeClosed") == 1
    assert shop.staff.get("/admin/disputes")["data"] == []


def test_what_the_bank_has_decided_otherwise_can_not_be_accepted(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer
) -> None:
    disputes.decide("du_000001", "won")
    bank.webhooks.clear()
    assert refusal(accept, shop, order)["code"] == "dispute_not_open"
    assert of(shop, order)["status"] == "won"


def test_what_was_lost_unheard_can_still_be_accepted(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer
) -> None:
    disputes.decide("du_000001", "lost")
    bank.webhooks.clear()
    assert accept(shop, order)["status"] == "lost"
    assert shop.staff.get("/admin/audit")["data"][0]["action"] == "dispute.accepted"


@pytest.mark.parametrize("act", [answer, accept])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_who_got_no_answer_asks_again(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer, act: Callable[..., Json], moment: str
) -> None:
    def cut(call: str, *again: object) -> None:
        raise stripe.APIConnectionError("cut")

    setattr(bank, moment, cut)
    assert refusal(act, shop, order)["code"] == "provider_unavailable"
    setattr(bank, moment, lambda call, *again: None)
    wanted = "under_review" if act is answer else "lost"
    assert act(shop, order)["status"] == wanted
    assert disputes.disputes["du_000001"]["status"] == wanted
    entries = shop.staff.get("/admin/audit?limit=10")["data"]
    assert [entry["action"] for entry in entries if entry["action"].startswith("dispute.")] == [
        "dispute.answered" if act is answer else "dispute.accepted"
    ]


def test_who_gets_no_answer_to_what_became_of_the_evidence_asks_again(
    shop: Shop, bank: StripeServer, disputes: Disputes, order: Buyer
) -> None:
    def cut(call: str) -> None:
        if call.startswith("GET /v1/disputes/"):
            raise stripe.APIConnectionError("cut")

    bank.after = cut
    refused = refusal(answer, shop, order)
    assert (refused["status"], refused["code"]) == (503, "provider_unavailable")
    bank.after = lambda call: None
    assert answer(shop, order)["status"] == "under_review"
