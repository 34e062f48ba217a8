"""The ways to pay, and what each lets the shop do before and after the money is there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money

# When the money comes: promised or taken by a provider; sent by the customer before anything leaves the house; with
# the delivery; some days after it; or it is there already, as credit that the shop owes.
Timing = Literal["by_provider", "in_advance", "on_delivery", "on_terms", "credit"]


class PaymentMethod(msgspec.Struct, frozen=True):
    """A way to pay. `pay_within`: the usual time to wait for the money; if the bank is at it by then, it is asked again
    every `ask_every`.

    Of a provider's: `authorizes`, whether the money is first set aside and then taken, and for how long it stays so
    (`authorization_lives`); otherwise it is taken as soon as the customer pays. No method here is taken in several
    parts, so all of it is taken at the first packing, perhaps less than was set aside (`captures_less`).
    `refundable_within`: for so long it can be given back. `currencies` and `countries`: what the provider takes it in
    and from, None: any.
    """

    id: str
    name: str
    timing: Timing
    authorizes: bool = False
    authorization_lives: timedelta | None = None
    captures_less: bool = False
    refundable_within: timedelta | None = None
    currencies: frozenset[str] | None = None
    countries: frozenset[str] | None = None
    pay_within: timedelta = timedelta(minutes=30)
    ask_every: timedelta = timedelta(minutes=5)

    @property
    def has_provider(self) -> bool:
        return self.timing == "by_provider"

    @property
    def on_trust(self) -> bool:
        """Whether the order is confirmed and sent before it is paid."""
        return self.timing in ("on_delivery", "on_terms")

    @property
    def paid_on_delivery(self) -> bool:
        return self.timing == "on_delivery"


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SEPA = _codes(
    "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE SI SK SM VA"
)
_DAYS = timedelta(days=1)

CASH_ON_DELIVERY = PaymentMethod("cash_on_delivery", "Cash on delivery", "on_delivery")
BANK_TRANSFER = PaymentMethod("bank_transfer", "Bank transfer", "in_advance", pay_within=7 * _DAYS)
INVOICE = PaymentMethod("invoice", "Invoice", "on_terms")
# What Stripe's pages say of each: docs.stripe.com/payments/payment-methods/payment-method-support; of authorizations
# docs.stripe.com/payments/place-a-hold-on-a-payment-method: 7 days, of Visa 6 days and 18 hours.
CARD = PaymentMethod(
    "card",
    "Card",
    "by_provider",
    authorizes=True,
    authorization_lives=timedelta(days=6, hours=18),
    captures_less=True,
)
LINK = msgspec.structs.replace(CARD, id="link", name="Link")
ALIPAY = PaymentMethod(
    "alipay",
    "Alipay",
    "by_provider",
    refundable_within=90 * _DAYS,
    currencies=_codes("AUD CAD CNY EUR GBP HKD JPY MYR NZD SGD USD"),
)
WECHAT_PAY = PaymentMethod(
    "wechat_pay",
    "WeChat Pay",
    "by_provider",
    refundable_within=180 * _DAYS,
    currencies=_codes("AUD CAD CHF CNY DKK EUR GBP HKD JPY NOK SEK SGD USD"),
)
SEPA_DEBIT = PaymentMethod(
    "sepa_debit",
    "SEPA direct debit",
    "by_provider",
    refundable_within=180 * _DAYS,
    currencies=frozenset({"EUR"}),
    countries=_SEPA,
    # A bank takes days.
    ask_every=timedelta(hours=6),
)
# Nobody chooses these to pay a whole order: the value of returned goods, a card with a balance, what the shop owes.
EXCHANGE_CREDIT = PaymentMethod("exchange_credit", "Exchange", "credit")
GIFT_CARD = PaymentMethod("gift_card", "Gift card", "credit")
STORE_CREDIT = PaymentMethod("store_credit", "Store credit", "credit")

CHOICE = (CARD, LINK, ALIPAY, WECHAT_PAY, SEPA_DEBIT, BANK_TRANSFER, INVOICE, CASH_ON_DELIVERY)
METHODS = {method.id: method for method in (*CHOICE, EXCHANGE_CREDIT, GIFT_CARD, STORE_CREDIT)}


class MethodTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On what terms a shop takes a method. `countries`, where the goods go to, and `groups` of customers: None for all.

    `least` and `most` are limits of an order's total, inclusive, of currencies in which there are some. `net_days`: an
    invoice is to be paid within so many days of the first parcel's packing.
    """

    enabled: bool = True
    countries: frozenset[str] | None = None
    currencies: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    least: tuple[Money, ...] = ()
    most: tuple[Money, ...] = ()
    net_days: Annotated[int, Meta(ge=0, le=365)] = 30


class Asking(msgspec.Struct, frozen=True):
    """Who wants to know how to pay: what is None nobody knows yet, and it excludes no method."""

    amount: Money | None = None
    currency: str | None = None
    country: str | None = None
    groups: frozenset[str] | None = None


# What a shop takes that has decided nothing: others need its word, or its account's at the provider.
_FROM_THE_START = ("card", "cash_on_delivery")


def terms_of(method: PaymentMethod, decided: dict[str, MethodTerms]) -> MethodTerms:
    return decided.get(method.id) or MethodTerms(enabled=method.id in _FROM_THE_START)


def offered(decided: dict[str, MethodTerms], has_provider: bool, asking: Asking) -> list[PaymentMethod]:
    """What a customer may choose from, in the order of CHOICE."""
    able = [method for method in CHOICE if has_provider or not method.has_provider]
    return [method for method in able if _is_open(method, terms_of(method, decided), asking)]


def _is_open(method: PaymentMethod, terms: MethodTerms, asking: Asking) -> bool:
    currency = asking.amount.currency if asking.amount else asking.currency
    return (
        terms.enabled
        and all(_among(currency, some) for some in (method.currencies, terms.currencies))
        and all(_among(asking.country, some) for some in (method.countries, terms.countries))
        and (asking.groups is None or terms.groups is None or bool(asking.groups & terms.groups))
        and (asking.amount is None or _within(asking.amount, terms))
    )


def _among(one: str | None, some: frozenset[str] | None) -> bool:
    return one is None or some is None or one in some


def _within(amount: Money, terms: MethodTerms) -> bool:
    least = all(limit.amount <= amount.amount for limit in terms.least if limit.currency == amount.currency)
    return least and all(amount.amount <= limit.amount for limit in terms.most if limit.currency == amount.currency)


def chosen(method_id: str, among: Sequence[PaymentMethod]) -> PaymentMethod:
    """The method with this id; 422 if the shop does not offer it."""
    for method in among:
        if method.id == method_id:
            return method
    detail = f"This shop takes {', '.join(method.id for method in among)}."
    raise ShopError("unknown_payment_method", 422, detail, pointer="/payment_method")
