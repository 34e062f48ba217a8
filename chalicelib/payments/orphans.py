"""Orders that have no payment, as those say who know of orders."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.core import dynamo, ids
from chalicelib.payments import findings, tables
from chalicelib.payments.findings import Found
from chalicelib.payments.tables import Attempt

ORDER_WITHOUT_PAYMENT = "order_without_payment"


def report(placed: Mapping[str, datetime]) -> int:
    """Report those of these orders, by the time of their placing, that have no payment attempt; how many there are."""
    keys: dict[dynamo.Key, str] = {}
    for order_id in placed:
        key = tables.attempt_key(ids.derived("pay", order_id, 1))
        keys[Attempt, key["pk"], key["sk"]] = order_id
    known = dynamo.load(keys, consistent=True)
    missing = [order_id for key, order_id in keys.items() if key not in known]
    for order_id in missing:
        findings.report(Found(ORDER_WITHOUT_PAYMENT, order_id, placed[order_id], order_id, order_id=order_id))
    return len(missing)
