"""The strict Stripe's book of disputes: what banks take back, what the shop says to it, and how it ends.

What a dispute looks like follows docs.stripe.com/api/disputes/object; that a charge whose money a bank has can not be
refunded, docs.stripe.com/error-codes#charge-disputed.
"""

from collections.abc import Callable
from typing import Any

from strict_stripe import Answer, Json, Refusal, StripeServer, amount_of, known_parameters, listed, within

# What Stripe takes for a dispute, in minor units.
FEE = 1500
ANSWER_WITHIN = 9 * 24 * 3600
_NEEDS_RESPONSE = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
_TAKEN = {"needs_response", "under_review", "lost"}
_TEXTS = {
    "product_description",
    "uncategorized_text",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "customer_name",
    "customer_email_address",
    "shipping_carrier",
    "shipping_tracking_number",
    "shipping_date",
}


class Disputes:
    """Banks' disputes of what a strict Stripe has captured."""

    def __init__(self, server: StripeServer) -> None:
        self.server = server
        self.disputes: dict[str, Json] = {}
        self.evidence: dict[str, dict[str, str]] = {}
        server.reads["/v1/disputes"] = self._list
        server.reads[r"/v1/disputes/(\w+)"] = lambda query, key: self._shown(self._dispute(key), query, {"expand"})
        server.writes[r"/v1/disputes/(\w+)"] = self._update
        server.writes[r"/v1/disputes/(\w+)/close"] = self._close
        server.writes["/v1/refunds"] = self._refund(server.writes["/v1/refunds"])

    # --- banks -----------------------------------------------------------------------------------------------------

    def inquire(self, intent_id: str, amount: int | None = None, reason: str = "general") -> str:
        """A bank asks, and takes nothing yet."""
        return self._new(intent_id, amount, reason, "warning_needs_response")

    def open_dispute(self, intent_id: str, amount: int | None = None, reason: str = "fraudulent") -> str:
        """A bank takes `amount` back, None: all that was captured."""
        dispute_id = self._new(intent_id, amount, reason, "needs_response")
        self.withdraw(dispute_id)
        return dispute_id

    def withdraw(self, dispute_id: str) -> None:
        """The money is gone; also what was an inquiry is a dispute then."""
        dispute = self.disputes[dispute_id]
        assert dispute["status"] in {"needs_response", *_NEEDS_RESPONSE.values(), *_NEEDS_RESPONSE}, dispute
        if dispute["status"].startswith("warning_"):
            dispute["status"] = "needs_response"
            self._tell("updated", dispute)
        dispute["balance_transactions"].append(self._line(dispute, -dispute["amount"], FEE))
        self._tell("funds_withdrawn", dispute)

    def respond(self, dispute_id: str, evidence: dict[str, str]) -> None:
        """Somebody answers at Stripe's own dashboard."""
        self._respond(self.disputes[dispute_id], evidence)

    def decide(self, dispute_id: str, outcome: str) -> None:
        """`won` or `lost`, also after it seemed decided: that is an appeal; `warning_closed` of an inquiry."""
        dispute = self.disputes[dispute_id]
        before, dispute["status"] = dispute["status"], outcome
        if outcome == "warning_closed":
            assert before.startswith("warning_"), dispute
        else:
            assert before in {"needs_response", "under_review", "won", "lost"} - {outcome}, dispute
        self._tell("closed", dispute)
        if outcome == "won":
            dispute["balance_transactions"].append(self._line(dispute, dispute["amount"], 0))
            self._tell("funds_reinstated", dispute)
        if before == "won":
            dispute["balance_transactions"].append(self._line(dispute, -dispute["amount"], 0))
            self._tell("funds_withdrawn", dispute)

    def taken(self, intent_id: str) -> int:
        """Minor units of an intent that banks have."""
        mine = (d for d in self.disputes.values() if d["payment_intent"] == intent_id and d["status"] in _TAKEN)
        return sum(dispute["amount"] for dispute in mine)

    def left(self, intent_id: str) -> int:
        """Minor units of an intent that are there: neither given back nor with a bank."""
        intent = self.server.intents[intent_id]
        return int(intent["amount_received"]) - self.server.given_back(intent_id) - self.taken(intent_id)

    # --- Stripe's API ----------------------------------------------------------------------------------------------

    def _list(self, query: dict[str, str]) -> Answer:
        known_parameters(query, {"created[gte]", "created[lte]", "limit", "starting_after", "expand", "payment_intent"})
        answer = listed("/v1/disputes", within(self.disputes.values(), query), query)
        if query.get("expand[0]") == "data.payment_intent":
            answer.body["data"] = [self._expanded(dispute) for dispute in answer.body["data"]]
        return answer

    def _shown(self, dispute: Json, given: dict[str, str], known: set[str]) -> Answer:
        known_parameters(given, known)
        return Answer(200, self._expanded(dispute) if given.get("expand[0]") == "payment_intent" else dict(dispute))

    def _expanded(self, dispute: Json) -> Json:
        return {**dispute, "payment_intent": dict(self.server.intents[dispute["payment_intent"]])}

    def _update(self, given: dict[str, str], dispute_id: str) -> Answer:
        dispute = self._dispute(dispute_id)
        known_parameters(given, {"evidence", "submit", "expand", "metadata"})
        evidence = {k[9:-1]: v for k, v in given.items() if k.startswith("evidence[")}
        if unknown := evidence.keys() - _TEXTS:
            raise Refusal("parameter_unknown", f"Received unknown parameter: evidence {sorted(unknown)}", began=False)
        if given.get("submit", "true") != "true":
            raise Refusal("parameter_invalid", "This Stripe keeps no drafts of evidence.", began=False)
        if dispute["status"] not in _NEEDS_RESPONSE:
            raise Refusal("invalid_request", f"This dispute is {dispute['status']} and takes no evidence.")
        if self.server.now() > dispute["evidence_details"]["due_by"]:
            raise Refusal("invalid_request", "Evidence is past due.")
        self._respond(dispute, evidence)
        return self._shown(dispute, given, {"evidence", "submit", "expand", "metadata"})

    def _respond(self, dispute: Json, evidence: dict[str, str]) -> None:
        assert dispute["status"] in _NEEDS_RESPONSE, dispute
        dispute["status"] = _NEEDS_RESPONSE[dispute["status"]]
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        self.evidence[dispute["id"]] = evidence
        self._tell("updated", dispute)

    def _close(self, given: dict[str, str], dispute_id: str) -> Answer:
        dispute = self._dispute(dispute_id)
        known_parameters(given, {"expand"})
        if dispute["status"] != "needs_response":
            raise Refusal("invalid_request", f"This dispute is {dispute['status']} and can not be closed.")
        dispute["status"] = "lost"
        self._tell("closed", dispute)
        return self._shown(dispute, given, {"expand"})

    def _refund(self, refund: Callable[..., Answer]) -> Callable[..., Answer]:
        def unless_disputed(given: dict[str, str]) -> Answer:
            intent_id = given.get("payment_intent", "")
            if self.taken(intent_id):
                left = self.left(intent_id)
                if left <= 0 or "amount" not in given or amount_of(given, "amount") > left:
                    raise Refusal("charge_disputed", f"{intent_id} has been charged back; {left} are left.")
            return refund(given)

        return unless_disputed

    def _dispute(self, dispute_id: str) -> Json:
        if dispute_id not in self.disputes:
            raise Refusal("resource_missing", f"No such dispute: {dispute_id}", 404)
        return self.disputes[dispute_id]

    def _new(self, intent_id: str, amount: int | None, reason: str, status: str) -> str:
        intent = self.server.intents[intent_id]
        amount = int(intent["amount_received"]) if amount is None else amount
        assert 0 < amount <= intent["amount_received"] - self.taken(intent_id), intent
        dispute_id = f"du_{len(self.disputes) + 1:06d}"
        self.disputes[dispute_id] = dispute = {
            "id": dispute_id,
            "object": "dispute",
            "created": int(self.server.now()),
            "amount": amount,
            "currency": intent["currency"],
            "charge": intent["latest_charge"],
            "payment_intent": intent_id,
            "status": status,
            "reason": reason,
            "metadata": {},
            "balance_transactions": [],
            "evidence_details": {
                "due_by": int(self.server.now()) + ANSWER_WITHIN,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": status.startswith("warning_"),
            "livemode": False,
        }
        self._tell("created", dispute)
        return dispute_id

    def _line(self, dispute: Json, amount: int, fee: int) -> Json:
        return {
            "id": f"txn_{dispute['id']}_{len(dispute['balance_transactions']) + 1}",
            "object": "balance_transaction",
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "currency": dispute["currency"],
            "type": "adjustment",
            "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
            "source": dispute["id"],
            "created": int(self.server.now()),
        }

    def _tell(self, what: str, dispute: Any) -> None:
        self.server.tell(f"charge.dispute.{what}", dispute)
