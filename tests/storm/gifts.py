"""Gift cards in the storm: a few that many guests know, and what must be true of them when it is over."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.storm.stage import Door

if TYPE_CHECKING:
    from tests.storm.guests import Guest
    from tests.storm.invariants import Shop
    from tests.storm.shop import Town
    from tests.storm.staff import Staff

Json = dict[str, Any]
# What a guest hears whose card others have used up, or staff have disabled.
REFUSED = ("gift_card_used_up", "unknown_gift_card", "payment_method_required")


def issue(town: "Town", staff: Door) -> None:
    """Before anybody comes: cards of little and of much."""
    dice = town.scheduler.random
    for number in range(dice.choice([0, 1, 1, 2, 4])):
        cents = dice.choice([400, 2000, 9000])
        body, key = {"amount": {"amount": cents, "currency": "EUR"}}, f"the-gift-card-number-{number}"
        town.cards.append(staff.post("/admin/gift-cards", body, key=key))


def wish(guest: "Guest") -> Json:
    """With what a guest pays beside money, if with anything; some trust that it is enough."""
    cards = guest.town.cards
    if not cards or guest.dice.random() < 0.2:
        return {}
    # Many know the first one.
    some = (
        guest.dice.sample(cards, guest.dice.randint(1, min(3, len(cards)))) if guest.dice.random() < 0.4 else cards[:1]
    )
    guest.town.scheduler.note(f"{guest.name} has {len(some)} gift cards")
    codes = {"gift_cards": [card["code"] for card in some]}
    return codes if guest.dice.random() < 0.7 else {**codes, "payment_method": None}


def disable(staff: "Staff") -> None:
    """Somebody says that their card was stolen."""
    card = staff.dice.choice(staff.town.cards)
    staff.must((200,), "POST", f"/admin/gift-cards/{card['id']}/disable", {})


def sound(shop: "Shop") -> Iterator[str]:
    """A card's balance is what its journal adds up to and never negative; what was spent on what is off is back."""
    journals: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    seen = Counter((entry.what, entry.ref) for entry in shop.items["credit_entry"] if entry.ref)
    yield from (f"{what} of {ref} stands {n} times in the journals" for (what, ref), n in seen.items() if n > 1)
    for entry in shop.items["credit_entry"]:
        journals[entry.pk] += int(entry.amount)
        moved[entry.ref] += int(entry.amount)
    for card in shop.items["gift_card"]:
        if int(card.balance) != journals[card.pk] or int(card.balance) < 0:
            yield f"on {card.id} there are {card.balance}, and its journal adds up to {journals[card.pk]}"
    for order_id, attempts in shop.attempts.items():
        gone = [refund for refund in shop.refunds[order_id] if refund.state == "succeeded" and not refund.to_order]
        for attempt in attempts:
            if attempt.tender_ref is None:
                continue
            back = [refund for refund in gone if refund.attempt_id == attempt.id]
            if moved[attempt.id] != -attempt.captured.amount:
                yield f"{attempt.id} has {attempt.captured.amount}, and its card gave {-moved[attempt.id]}"
            if any(moved[refund.id] != refund.amount.amount for refund in back):
                yield f"of {attempt.id} there went back {[moved[refund.id] for refund in back]} to its card"
            spent = moved[attempt.id] + sum(moved[refund.id] for refund in back)
            if shop.orders[order_id].state in ("canceled", "expired") and spent:
                yield f"{order_id} is off, and {-spent} of {attempt.id} are not back on its card"


def paid_at_once(attempts: list[Any]) -> int:
    """What of an order was there when it was placed, in minor units."""
    return sum(attempt.captured.amount for attempt in attempts if attempt.tender_ref)
