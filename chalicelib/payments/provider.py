"""What a payment provider does for the shop, whoever it is. The rest of payments knows providers by this alone.

A provider keeps *intents* (one per payment attempt) and *refunds*, each under an id of ours: asking twice for the same
one gives the same one. Nobody is believed but its present answer.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, Protocol

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


# What a refund is Refused with while the customer's bank has the money.
CHARGE_DISPUTED = "charge_disputed"


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


class ProviderDispute(msgspec.Struct, frozen=True):
    """A bank's dispute of an intent. `state` is ours; `payment_id` is the payment of ours that the intent was opened
    for, None if it was not; `fee` is what the provider takes for the dispute, in the currency of the shop's account."""

    id: str
    intent_id: str | None
    payment_id: str | None
    state: str
    reason: str
    amount: Money
    evidence_due_at: datetime | None
    fee: Money | None


class Notice(msgspec.Struct, frozen=True):
    """What a webhook is about, if it is about something that has to be looked at. It says nothing of how that stands:
    whoever reads it asks the provider. `event_id` and `dispute_id` are the provider's own, as are `object_id` and
    `object_type`. `understood`: the shop knows what to do when it hears of this type, and `needs_nothing`: that is
    nothing.
    """

    type: str
    payment_id: str | None = None
    refund_id: str | None = None
    event_id: str | None = None
    dispute_id: str | None = None
    understood: bool = True
    needs_nothing: bool = False
    api_version: str | None = None
    created: datetime | None = None
    object_id: str | None = None
    object_type: str | None = None

    @property
    def is_of_ours(self) -> bool:
        return (self.payment_id, self.refund_id, self.dispute_id) != (None, None, None)


# What moved a balance: `released` is what of a promise was not taken, and moves nothing of ours; `other` is what the
# shop does not know, or what is none of its business, such as a payout.
MovementKind = Literal["capture", "released", "refund", "refund_failed", "dispute", "dispute_won", "fee", "other"]


class Movement(msgspec.Struct, frozen=True):
    """One line of the provider's account of the shop. `amount` is what the customer paid or got, without a sign and in
    the currency of the order; `fee` what the provider kept, in the currency in which it settles.

    `payment_id` and `refund_id` are ours, as far as the provider knows them: whoever reads it looks whether they exist.
    `dispute_id` is the provider's.
    """

    id: str
    kind: MovementKind
    amount: Money
    fee: Money
    created: datetime
    payment_id: str | None = None
    refund_id: str | None = None
    intent_id: str | None = None
    dispute_id: str | None = None


class ListedIntent(msgspec.Struct, frozen=True):
    """An intent as a list of the provider's shows it; `payment_id` as in a Movement."""

    id: str
    state: str
    amount: Money
    created: datetime
    payment_id: str | None = None


class ProviderBooks(Protocol):
    """What a provider has written down, for whoever compares it with the ledger. All raise Unavailable and Refused."""

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        """What moved the balance from `since` on and before `until`, to the second, the newest first."""

    def intents(self, since: datetime, until: datetime) -> Iterator[ListedIntent]:
        """The intents that were made then, likewise."""

    def movements_of(self, intent_id: str) -> Iterable[Movement]:
        """What moved because of one intent and its refunds, however long ago. Disputes are not among it."""

    def intent(self, intent_id: str) -> ListedIntent: ...


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


class ProviderDisputes(Protocol):
    """What a provider has of banks that dispute payments. All may raise Unavailable and Refused, as above."""

    def find_dispute(self, dispute_id: str) -> ProviderDispute:
        """A dispute under the provider's id."""

    def recent_disputes(self, since: datetime) -> Iterable[ProviderDispute]:
        """Those that were opened since then, the newest first."""

    def submit_evidence(self, dispute_id: str, evidence: dict[str, str]) -> ProviderDispute:
        """Answer a dispute, once; the same evidence again changes nothing. Refused once it takes no answer."""

    def accept_dispute(self, dispute_id: str) -> ProviderDispute:
        """Say nothing to a dispute: it is lost. Refused if it is decided."""
