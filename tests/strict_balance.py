"""The strict Stripe's balance: a line for every charge that is captured, every refund, and every refund that fails.

Of a charge of which less is taken than was authorized there are two lines, as
docs.stripe.com/reports/reporting-categories says. A refund's line is made with the refund, also while the bank has it.
"""

import json
from typing import Any

from strict_stripe import Answer, Json, StripeServer, known_parameters, listed, within


class Balance:
    """The balance transactions of `server`. What is in `late` Stripe does not show yet. `settles_in` is a currency and
    how much of it a customer's minor unit is worth, None: the customer's own."""

    def __init__(self, server: StripeServer) -> None:
        self.server = server
        self.lines: list[Json] = []
        self.late: set[str] = set()
        self.settles_in: tuple[str, float] | None = None
        self.sources: dict[str, Json] = {}
        self._tell = server.tell
        server.tell = self._told  # type: ignore[method-assign]
        server.reads["/v1/balance_transactions"] = self._list

    @property
    def fees(self) -> int:
        """What Stripe has kept in all."""
        return sum(line["fee"] for line in self.lines)

    def add(self, category: str, amount: int, currency: str, source: Json | str, fee: int = 0) -> Json:
        """A line of any kind."""
        if isinstance(source, dict):
            self.sources[source["id"]] = source
            source = source["id"]
        settled, rate = self.settles_in or (currency, 1.0)
        line = {
            "id": f"txn_{len(self.lines) + 1:06d}",
            "object": "balance_transaction",
            "amount": round(amount * rate),
            "created": int(self.server.now()),
            "currency": settled,
            "exchange_rate": None if rate == 1.0 else rate,
            "fee": round(fee * rate),
            "reporting_category": category,
            "source": source,
        }
        self.lines.append(line)
        return line

    def _told(self, kind: str, thing: Json) -> None:
        if kind == "payment_intent.succeeded":
            self._capture(thing)
        elif kind == "refund.created":
            self.add("refund", -thing["amount"], thing["currency"], thing)
        elif kind == "charge.dispute.funds_withdrawn":
            self.add("dispute", -thing["amount"], thing["currency"], thing, thing["balance_transactions"][-1]["fee"])
        elif kind == "charge.dispute.funds_reinstated":
            self.add("dispute_reversal", thing["amount"], thing["currency"], thing)
        if thing.get("object") == "refund" and thing["status"] == "failed":
            self.add("refund_failure", thing["amount"], thing["currency"], thing)
        self._tell(kind, thing)

    def _capture(self, intent: Json) -> None:
        taken, authorized, currency = intent["amount_received"], intent["amount"], intent["currency"]
        charge = {
            "id": intent["latest_charge"],
            "object": "charge",
            "amount": authorized,
            "amount_captured": taken,
            "currency": currency,
            "payment_intent": intent["id"],
            "metadata": dict(intent["metadata"]),
        }
        self.add("charge", authorized, currency, charge, fee_of(authorized))
        if left := authorized - taken:
            let_go = {"id": f"re_of_{charge['id']}", "object": "refund", "amount": left, "currency": currency}
            let_go |= {"payment_intent": intent["id"], "charge": charge["id"], "metadata": {}}
            self.add("partial_capture_reversal", -left, currency, let_go, fee_of(taken) - fee_of(authorized))

    def _list(self, query: dict[str, str]) -> Answer:
        known = {"created[gte]", "created[lte]", "expand[0]", "limit", "source", "starting_after"}
        known_parameters(query, known)
        lines = [line for line in within(self.lines, query) if line["id"] not in self.late]
        if "source" in query:
            lines = [line for line in lines if line["source"] == query["source"]]
        if query.get("expand[0]") == "data.source":
            lines = [{**line, "source": self._expanded(line["source"])} for line in lines]
        return listed("/v1/balance_transactions", lines, query)

    def _expanded(self, source: str) -> Any:
        return json.loads(json.dumps(self.server.refunds.get(source) or self.sources.get(source) or source))


def fee_of(amount: int) -> int:
    """What Stripe keeps of a charge: 1.4 % and 25 cents."""
    return (amount * 14 + 500) // 1000 + 25
