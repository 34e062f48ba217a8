"""What a customer's browser does at the payment provider: takes down a card and confirms the payment with it.

A page would use Stripe's script and its publishable key for that; localstripe takes the secret one.
"""

from typing import Any

from infra.local.client import Api, Refused

GOOD_CARD = "4242424242424242"
# The card that can be taken down and declines to be charged. localstripe charges 4000000000000002 without a word.
DECLINED_CARD = "4000000000000341"
_EXPIRES = {"exp_month": 12, "exp_year": 2035, "cvc": "123"}


class Browser:
    """A customer at the provider that `stripe` (in .local/stack.json) describes. Only localstripe lets it in."""

    def __init__(self, stripe: dict[str, Any], patience: float = 0) -> None:
        self.api = Api(stripe["api"], patience, Authorization=f"Bearer {stripe['key']}")

    def pay(self, intent: str, card: str) -> str:
        """Confirm the payment intent with this card; returns the intent's status afterwards.

        A card that is declined is no error: the status says that another one is asked for. Paying what was confirmed
        already changes nothing.
        """
        path = f"/v1/payment_intents/{intent}"
        if self._status(path) in ("requires_payment_method", "requires_confirmation"):
            method = self.api.post("/v1/payment_methods", {"type": "card", "card": {"number": card, **_EXPIRES}})
            self.api.post(path, {"payment_method": method["id"]})
            self._confirm(path)
        return self._status(path)

    def _confirm(self, path: str) -> None:
        try:
            self.api.post(f"{path}/confirm")
        except Refused:
            # A declined card, or a second try after an answer that was lost.
            if self._status(path) == "requires_confirmation":
                raise

    def _status(self, path: str) -> str:
        return str(self.api.get(path)["status"])
