"""What an order is paid with when it is placed: gift cards, then store credit, then whatever else was chosen."""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.core.dynamo import Item, Key
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.money import Money
from chalicelib.payments import credit_tables as tables
from chalicelib.payments import gift_cards, gift_code, methods, tenders
from chalicelib.payments.credit import CreditMoved as CreditMoved
from chalicelib.payments.credit_tables import GiftCard, StoreCredit
from chalicelib.payments.methods import PaymentMethod
from chalicelib.payments.tenders import Tender


class Credit(msgspec.Struct, frozen=True):
    """With what somebody wants to pay: gift cards in their order, by id, each with the JSON pointer to its code in the
    request; and the store credit of the customer `customer_id`."""

    cards: dict[str, str] = {}
    customer_id: str | None = None


class Paying(msgspec.Struct, frozen=True):
    """How an order is paid: by `tenders` that are there already, and what is `missing` then by `method`."""

    method: PaymentMethod
    tenders: Sequence[Tender]
    missing: Money

    @property
    def on_trust(self) -> bool:
        """Whether the order is confirmed and sent before what is missing is paid."""
        return bool(self.missing.amount) and self.method.on_trust


def read(codes: Sequence[str], store_credit: bool, customer_id: str | None) -> Credit:
    """What a request names. The same code twice is one card. 422 for what can be no code, and for a guest who wants to
    pay with store credit."""
    cards: dict[str, str] = {}
    for place, text in enumerate(codes):
        pointer = f"/gift_cards/{place}"
        code = gift_code.read(text)
        if code is None:
            raise gift_cards.unknown(pointer)
        cards.setdefault(gift_cards.id_of(code), pointer)
    if store_credit and customer_id is None:
        raise invalid("/store_credit", "Only customers have store credit. Log in.")
    return Credit(cards, customer_id if store_credit else None)


def method(credit: Credit) -> PaymentMethod:
    """The method of an order for which no other was chosen; 422 if there is no credit either."""
    if credit.cards:
        return methods.GIFT_CARD
    if credit.customer_id is not None:
        return methods.STORE_CREDIT
    raise invalid("/payment_method", "Say how the order is paid.")


def refs(credit: Credit, currency: str) -> list[Key]:
    """Keys of what has to be read to know how much there is."""
    account = [tables.account_ref(credit.customer_id, currency)] if credit.customer_id is not None else []
    return [*map(tables.card_ref, credit.cards), *account]


def paying(method: PaymentMethod, credit: Credit, found: Mapping[Key, Item], total: Money) -> Paying:
    """How `total` is paid, from what was found at `refs`.

    422 for a card that can not be used, 409 `gift_card_used_up` or `no_store_credit` if nothing is left there, 422
    `payment_method_required` if it is not enough and no other method was chosen.
    """
    there = [*_cards(credit, found, total.currency), *_store_credit(credit, found, total.currency)]
    parts, missing = tenders.split(total.amount, [tender.amount.amount for tender in there])
    if missing and method.timing == "credit":
        left = Money(missing, total.currency)
        detail = "This credit is not enough. Say how the rest is paid."
        extra: dict[str, object] = {"missing": left}
        raise ShopError("payment_method_required", 422, detail, pointer="/payment_method", extra=extra)
    taken = [
        msgspec.structs.replace(tender, amount=Money(part, total.currency))
        for tender, part in zip(there, parts, strict=True)
        if part
    ]
    return Paying(method, taken, Money(missing, total.currency))


def _cards(credit: Credit, found: Mapping[Key, Item], currency: str) -> list[Tender]:
    """All that is on each card that was named."""
    there = []
    for card_id, pointer in credit.cards.items():
        card = found.get(tables.card_ref(card_id))
        if not isinstance(card, GiftCard):
            raise gift_cards.unknown(pointer)
        if reason := gift_cards.unusable(card, currency, pointer):
            raise reason
        there.append(Tender(methods.GIFT_CARD.id, Money(int(card.balance), currency), ref=card_id))
    return there


def _store_credit(credit: Credit, found: Mapping[Key, Item], currency: str) -> list[Tender]:
    if credit.customer_id is None:
        return []
    account = found.get(tables.account_ref(credit.customer_id, currency))
    if not isinstance(account, StoreCredit) or not int(account.balance):
        detail = f"You have no store credit in {currency}."
        raise ShopError("no_store_credit", 409, detail, pointer="/store_credit")
    return [Tender(methods.STORE_CREDIT.id, Money(int(account.balance), currency), ref=credit.customer_id)]
