"""What tests of the reconciliation do to both books, and read from them."""

from datetime import timedelta
from typing import Any

from inprocess import CONTEXT, Buyer, Shop
from strict_stripe import StripeServer

from chalicelib.payments import ledger, ledger_tables, stripe_gateway

DAY = timedelta(days=1)
# A payment of another shop's, as this one writes such ids.
SOMEBODYS = "pay_01kdyhq2wgf3v8m6t4x9c7b5az-1"


def authorized(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    bank.pay(order.secret)
    shop.hear(bank)


def packed(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    authorized(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/pack")
    shop.hear(bank)


def sent(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    packed(shop, bank, order)
    shop.staff.post(f"/admin/shipments/{order.parcel()}/dispatch", {"tracking_number": "T"})
    shop.hear(bank)


def refunded(shop: Shop, bank: StripeServer, order: Buyer) -> None:
    sent(shop, bank, order)
    shop.staff.post(f"/admin/orders/{order.id}/refunds", {})
    shop.hear(bank)


def findings(shop: Shop) -> list[dict[str, Any]]:
    return shop.staff.get("/admin/reconciliation")["data"]


def told(shop: Shop) -> list[tuple[str, str]]:
    return [(finding["what"], finding["status"]) for finding in findings(shop)]


def waiting(order: Buyer) -> list[str]:
    """What of an order's ledger nobody has found at the provider yet."""
    return [entry.what for entry in ledger_tables.entries(order.id) if entry.due_key is not None]


def accounts(order: Buyer) -> dict[str, int]:
    return dict(ledger.balances(entry.lines for entry in ledger_tables.entries(order.id)))


def taken_by_hand(bank: StripeServer, intent_id: str) -> None:
    """Somebody captures in Stripe's dashboard, and nobody hears of it."""
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    stripe.v1.payment_intents.capture(intent_id)
    bank.webhooks.clear()


def dead(order: Buyer) -> None:
    """The payment is dead here, as where its intent could not be found for a day."""
    from chalicelib.payments import intents, service, states

    attempt = service.find(order.payment_id)
    intents.move(attempt, states.FAILED)
    intents.commit(attempt)


def stranger(bank: StripeServer, metadata: dict[str, str], amount: int = 700) -> str:
    """An intent that the shop does not know, paid and captured."""
    stripe = bank.client(stripe_gateway.API_VERSION, retries=0)
    made = stripe.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "metadata": metadata,
        }
    )
    bank.pay(str(made.client_secret))
    taken_by_hand(bank, made.id)
    return str(made.id)


def nightly() -> None:
    """The clock's own way in."""
    from chalicelib.payments.schedules import payments_reconcile

    tick = dict.fromkeys(("version", "account", "region", "detail-type", "source", "time", "id"), "x")
    payments_reconcile({**tick, "detail": {}, "resources": []}, CONTEXT)


def work_off(shop: Shop) -> int:
    """Let the consumer do the runs that are queued; returns how many it could not do."""
    from chalicelib.core.settings import settings
    from chalicelib.payments.consumers import payments_reconcile_now

    sqs, failed = shop.client("sqs"), 0
    url = settings.reconcile_queue_url
    while taken := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
        for message in taken:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            record = {"messageId": "1", "body": message["Body"], "receiptHandle": "r"}
            failed += len(payments_reconcile_now({"Records": [record]}, CONTEXT)["batchItemFailures"])
    return failed
