"""Gift cards: issued by staff, looked at by whoever has the code."""

from datetime import date

from chalicelib.core import audit, clock, dynamo, ids
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.idempotency import AlreadyDone, Once
from chalicelib.core.money import Money
from chalicelib.core.staff import Staff
from chalicelib.payments import credit, gift_code
from chalicelib.payments import credit_tables as tables
from chalicelib.payments.credit_tables import CreditEntry as CreditEntry
from chalicelib.payments.credit_tables import GiftCard as GiftCard
from chalicelib.payments.tables import PaymentsItem


def issue(amount: Money, expires_on: date | None, note: str | None, once: Once, by: Staff) -> tuple[GiftCard, str]:
    """A new card and its code, which is stored nowhere. The same request again gives the same code.

    422 for a card that is worth nothing, or has expired.
    """
    if made := once.made(PaymentsItem):
        return _again(made, once)
    if not amount.amount:
        raise invalid("/amount/amount", "A gift card is worth something.")
    if expires_on is not None and expires_on < clock.now().date():
        raise invalid("/expires_on", "This day is over.")
    salt = ids.new_secret()
    code = _code(once.key or ids.new_secret(), salt)
    card_id = id_of(code)
    card = GiftCard(
        **tables.card_key(card_id),
        id=card_id,
        currency=amount.currency,
        initial=amount.amount,
        balance=amount.amount,
        version=1,
        expires_on=expires_on.isoformat() if expires_on else None,
        last_four=gift_code.last_four(code),
        salt=salt,
        note=note,
        created_at=clock.stamp(clock.now()),
    )
    actions = [
        *once.claim(PaymentsItem, card_id),
        dynamo.insert(card),
        credit.entry(card.pk, credit.ISSUE, amount.amount, amount.currency, reason=note, by=by),
        audit.entry(by, "gift_card.issued", card_id, amount=amount.amount, currency=amount.currency),
    ]
    try:
        dynamo.transaction(actions)
    except AlreadyDone:
        return _again(str(once.made(PaymentsItem)), once)
    return card, code


def _again(card_id: str, once: Once) -> tuple[GiftCard, str]:
    card = find(card_id)
    return card, _code(str(once.key), card.salt)


def _code(secret: str, salt: str) -> str:
    return gift_code.of_bits(int(ids.derive_secret(secret, f"gift-card:{salt}"), 16))


def id_of(code: str) -> str:
    """The id of the card with this code: its hash, 128 bits of it."""
    return ids.named("gft", code)


def find(card_id: str) -> GiftCard:
    """A card; 404 if there is none with this id."""
    card = tables.card(card_id) if ids.is_id("gft", card_id) else None
    if card is None:
        raise not_found("gift card")
    return card


def of_code(text: str) -> GiftCard:
    """The card whose code somebody typed; 404 if there is none, or if it was disabled."""
    code = gift_code.read(text)
    card = tables.card(id_of(code)) if code else None
    if card is None or card.disabled:
        raise not_found("gift card")
    return card


def has_expired(card: GiftCard) -> bool:
    return card.expires_on is not None and str(card.expires_on) < clock.now().date().isoformat()


def journal(card: GiftCard, limit: int, after: str | None) -> tuple[list[CreditEntry], str | None]:
    """A page of a card's movements, newest first, and where the next page goes on."""
    return tables.journal(card.pk, limit, after)


def disable(card_id: str, by: Staff) -> GiftCard:
    """Let nobody pay with a card any more; its balance stays. Disabling it again changes nothing."""
    card = find(card_id)
    if card.disabled:
        return card
    entry = audit.entry(by, "gift_card.disabled", card_id)
    disabling = [GiftCard.disabled.set(True), GiftCard.version.set(GiftCard.version + 1)]
    dynamo.transaction([dynamo.update(card, disabling), entry])
    return find(card_id)


def unusable(card: GiftCard | None, currency: str, pointer: str) -> ShopError | None:
    """Why nothing in this currency can be paid with a card that was asked for at `pointer`, if nothing can."""
    if card is None or card.disabled:
        return unknown(pointer)
    if card.currency != currency:
        detail = f"This gift card is in {card.currency}, the cart in {currency}."
        return ShopError("gift_card_currency", 422, detail, pointer=pointer)
    if has_expired(card):
        return ShopError("gift_card_expired", 422, f"This gift card expired on {card.expires_on}.", pointer=pointer)
    if not int(card.balance):
        return ShopError("gift_card_used_up", 409, "Nothing is left on this gift card.", pointer=pointer)
    return None


def unknown(pointer: str) -> ShopError:
    return ShopError("unknown_gift_card", 422, "There is no such gift card.", pointer=pointer)
