"""What a payment provider does for the shop, whoever it is. The rest of payments knows providers by this alone.

A provider keeps *intents* (one per payment attempt) and *refunds*, each under an id of ours: asking twice for the same
one gives the same one. Nobody is believed but its present answer.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money


class Unavailable(Exception):
    """The provider did not answer, or said to come back: what was asked may or may not have happened. Ask again.

    Also where nobody knows just now by which key it is asked; then it was not.
    """


def no_answer() -> ShopError:
    """503: what a client wants needs the provider."""
    return ShopError("provider_unavailable", 503, "The payment provider does not answer. Nothing is lost; try again.")


class Refused(Exception):
    """The provider will not do this, now or later, for the thing as it is: look at what it has become. `code` is its
    own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wish(msgspec.Struct, frozen=True):
    """What an intent is opened for. `method` is an id of methods.METHODS; `customer_ref` is who pays, as the provider
    knows them, None for a guest."""

    payment_id: str
    order_id: str
    amount: Money
    method: str
    customer_ref: str | None = None


class Intent(msgspec.Struct, frozen=True):
    """A try to get money, at the provider. `state` is ours; `captured` is what the shop has of it; `client_secret` lets
    a browser pay, and `action_url` is where the customer has to go for it, if there is such a page.

    `decline` is the code of the last card that was declined and `declined` names that try, both None if none was.
    """

    id: str
    state: str
    amount: Money
    captured: Money
    client_secret: str
    decline: str | None
    declined: str | None
    action_url: str | None = None


class ProviderRefund(msgspec.Struct, frozen=True):
    """`state` is `pending`, `succeeded` or `failed`; `code` says why it failed."""

    id: str
    state: str
    code: str | None


class Notice(msgspec.Struct, frozen=True):
    """What a webhook is about, if it is about something that has to be looked at. It says nothing of how that stands:
    whoever reads it asks the provider. `event_id` is the provider's own, of whatever this is about."""

    type: str
    payment_id: str | None = None
    refund_id: str | None = None
    event_id: str | None = None


class PaymentProvider(Protocol):
    """All that may ask raise Unavailable, and Refused where they want to have something done."""

    def is_configured(self) -> bool:
        """Whether this shop has an account there; raises Unavailable if nobody knows."""

    def can_charge(self, amount: Money) -> bool:
        """Whether exactly this can be charged, and given back."""

    def create(self, wish: Wish) -> Intent:
        """An intent; the same `payment_id` gives the same one, for as long as the provider remembers keys."""

    def find(self, payment_id: str, created: datetime) -> Intent | None:
        """The intent that was opened for a payment of ours at about that time, however long ago; None if none was."""

    def retrieve(self, intent_id: str) -> Intent: ...

    def capture(self, intent_id: str, payment_id: str, amount: Money) -> Intent:
        """Take `amount` of what is authorized; the rest is let go. Refused if there is no authorization (any more), or
        one of less."""

    def cancel(self, intent_id: str) -> Intent:
        """Void the intent and what was authorized. Refused if it was captured, or canceled already."""

    def refund(self, refund_id: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Give money back; the same `refund_id` gives the same refund, for as long as the provider remembers keys."""

    def find_refund(self, refund_id: str, intent_id: str) -> ProviderRefund | None:
        """The refund that was made under `refund_id`, however long ago; None if there is none."""


class SavedMethod(msgspec.Struct, frozen=True):
    """A way to pay that a customer has saved at the provider. We never see more of a card than this."""

    id: str
    method: str
    brand: str | None
    last4: str | None
    expires_month: int | None
    expires_year: int | None


class Vault(Protocol):
    """Where customers' ways to pay are kept, by a provider. All raise Unavailable."""

    def register(self, customer_id: str) -> str:
        """How the provider knows a customer of ours; the same answer for as long as it remembers keys."""

    def begin_saving(self, customer_ref: str, key: str) -> str:
        """The secret with which a customer's browser saves a card; the same `key` gives the same one."""

    def saved(self, customer_ref: str) -> list[SavedMethod]:
        """What they have saved, the newest first."""

    def forget(self, method_id: str) -> None:
        """Forget one. Refused if it is gone already."""
