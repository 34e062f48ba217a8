"""What promotions take off, whatever the cart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.pricing import promotion as what
from chalicelib.orders.pricing import promotions as rules
from chalicelib.orders.pricing.pricing import NOT_SOLD, OK, PricedLine, Shipping, discounted
from chalicelib.orders.pricing.promotion import (
    AmountOff,
    BuyXGetY,
    CheapestFree,
    Conditions,
    Effect,
    FixedPrice,
    FreeShipping,
    PercentOff,
    PiecesTier,
    Promotion,
    PromotionDraft,
    Selection,
    TieredByQuantity,
    TieredByTotal,
    TotalTier,
)
from chalicelib.orders.pricing.promotions import Discounted, Shopper, Voucher

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHOPPER = Shopper(frozenset(), False, NOW)
SHELVES = {"bowl": ("@", "table", "+summer"), "cup": ("@", "table", "cups"), "tea": ("@", "food")}
DAY = timedelta(days=1)
ONE = {"amount": 1, "currency": "EUR"}
BACKWARDS = {"starts_at": "2026-05-02T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"}


def line(sku: str, price: int, quantity: int = 1, currency: str = "EUR", status: str = OK) -> PricedLine:
    total = Money(price * quantity, currency)
    shelves = SHELVES.get(sku, ())
    unit = Money(price, currency)
    return PricedLine(sku, f"prd_{sku}", sku, [], None, quantity, unit, total, total, status, shelves=shelves)


def sending(price: int, currency: str = "EUR") -> Shipping:
    return Shipping("standard", "Standard", Money(price, currency), Money(price, currency), 1, 5)


def promo(promotion_id: str, effect: Effect, lines: Selection | None = None, **fields: Any) -> Promotion:
    limits = {name: fields.pop(name) for name in list(fields) if name in Conditions.__struct_fields__}
    conditions = Conditions(lines=lines or Selection(), **limits)
    return Promotion(id=promotion_id, name=promotion_id, effect=effect, conditions=conditions, **fields)


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def percent(percent: str, of: Any = "lines") -> PercentOff:
    return PercentOff(Decimal(percent), of)


def off(found: Discounted) -> dict[str, int]:
    """What each line costs less, and shipping."""
    by_line = {line.sku: sum(d.amount.amount for d in line.discounts) for line in found.lines if line.discounts}
    sent = sum(d.amount.amount for d in found.shipping.discounts) if found.shipping else 0
    return by_line | ({"shipping": sent} if sent else {})


def take(lines: list[PricedLine], *promotions: Promotion, shipping: int | None = None, **shopper: Any) -> Discounted:
    who = msgspec.structs.replace(SHOPPER, **shopper)
    return rules.apply(lines, None if shipping is None else sending(shipping), promotions, who)


CUPS = [line("cup", 500, 2), line("bowl", 1000), line("tea", 333, 3)]


@pytest.mark.parametrize(
    ("effect", "taken"),
    [
        (percent("10"), {"bowl": 100, "cup": 100, "tea": 100}),
        (percent("12.5"), {"bowl": 125, "cup": 125, "tea": 125}),
        (percent("10", "order"), {"bowl": 100, "cup": 100, "tea": 100}),
        (AmountOff((eur(200),), "lines"), {"bowl": 200, "cup": 200, "tea": 200}),
        (AmountOff((eur(100),)), {"bowl": 34, "cup": 33, "tea": 33}),
        (AmountOff((eur(99_999),)), {"bowl": 1000, "cup": 1000, "tea": 999}),
        (AmountOff((Money(100, "JPY"),)), {}),
        (FixedPrice((eur(400),)), {"bowl": 600, "cup": 200}),
        (BuyXGetY(1, 1), {"cup": 500, "tea": 333}),
        (BuyXGetY(2, 1, Decimal(50)), {"tea": 167}),
        (BuyXGetY(1, 1, gifts=Selection(skus=("tea",))), {"tea": 999}),
        (CheapestFree(3), {"tea": 666}),
        (CheapestFree(2), {"tea": 999}),
        (
            TieredByQuantity((PiecesTier(2, Decimal(5)), PiecesTier(6, Decimal(10)))),
            {"bowl": 100, "cup": 100, "tea": 100},
        ),
        (TieredByQuantity((PiecesTier(7, Decimal(5)),)), {}),
        (
            TieredByTotal((TotalTier(eur(1000), amount=eur(30)), TotalTier(eur(5000), amount=eur(900)))),
            {"bowl": 10, "cup": 10, "tea": 10},
        ),
        (TieredByTotal((TotalTier(eur(2000), Decimal(20)),)), {"bowl": 200, "cup": 200, "tea": 200}),
        (FreeShipping(), {"shipping": 495}),
        (FreeShipping(("express",)), {}),
    ],
    ids=repr,
)
def test_what_a_promotion_takes_off(effect: Effect, taken: dict[str, int]) -> None:
    found = take(CUPS, promo("sale", effect), shipping=495)
    assert off(found) == taken
    assert found.applied == (("sale",) if taken else ())
    assert [line.sku for line in found.lines] == ["cup", "bowl", "tea"]


def test_a_gift_buys_no_other_gift() -> None:
    gift = promo("gift", BuyXGetY(2, 1, gifts=Selection(skus=("tea",))))
    assert off(take([line("cup", 500, 1), line("tea", 333, 9)], gift)) == {}
    assert off(take([line("cup", 500, 2), line("tea", 333, 9)], gift)) == {"tea": 333}


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), {"bowl", "cup", "tea"}),
        (Selection(products=("prd_cup",)), {"cup"}),
        (Selection(categories=("table",)), {"cup", "bowl"}),
        (Selection(collections=("summer",)), {"bowl"}),
        (Selection(categories=("summer",), collections=("table",)), set()),
        (Selection(skus=("tea",), collections=("summer",)), {"tea", "bowl"}),
    ],
)
def test_a_promotion_is_of_the_lines_that_it_names(selection: Selection, names: set[str]) -> None:
    for effect in (percent("10"), percent("10", "order")):
        assert off(take(CUPS, promo("sale", effect, selection))).keys() == names


@pytest.mark.parametrize(
    ("limits", "shopper", "reason"),
    [
        ({"starts_at": NOW + DAY}, {}, "coupon_not_yet_valid"),
        ({"starts_at": NOW, "ends_at": NOW + DAY}, {}, None),
        ({"ends_at": NOW}, {}, "coupon_expired"),
        ({"active": False}, {}, "coupon_expired"),
        ({"groups": ("vip", "trade")}, {}, "wrong_group"),
        ({"groups": ("vip", "trade")}, {"groups": frozenset({"trade"})}, None),
        ({"first_order": True}, {}, "not_first_order"),
        ({"first_order": True}, {"first_order": True}, None),
        ({"currencies": ("JPY",)}, {}, "wrong_currency"),
        ({"currencies": ("JPY", "EUR")}, {}, None),
        ({"minimum": (eur(3000),)}, {}, "minimum_not_reached"),
        ({"minimum": (eur(2999),)}, {}, None),
        ({"minimum": (Money(1, "JPY"),)}, {}, "wrong_currency"),
        ({"lines": Selection(skus=("pot",))}, {}, "nothing_matches"),
    ],
)
def test_a_promotion_counts_under_its_conditions(limits: Any, shopper: Any, reason: str | None) -> None:
    one = promo("sale", percent("10"), needs_coupon=True, **limits)
    assert off(take(CUPS, one, **shopper)) == {}  # without its coupon
    found = take(CUPS, one, coupons=(Voucher("SALE", "sale"),), **shopper)
    assert bool(off(found)) == (reason is None)
    assert found.refused == ({"SALE": reason} if reason else {})
    assert found.redeemed == (("SALE",) if reason is None else ())


def test_an_earlier_discount_makes_no_minimum_unreachable() -> None:
    half, thanks = promo("half", percent("50")), promo("thanks", AmountOff((eur(100),)), minimum=(eur(2999),))
    assert take(CUPS, half, thanks).applied == ("half", "thanks")


def test_lines_come_before_the_order_and_each_takes_of_what_is_left() -> None:
    cheap = [line("cup", 1000)]
    order, lines = promo("a", percent("50", "order")), promo("z", percent("10"))
    assert [d.amount for d in take(cheap, order, lines).lines[0].discounts] == [eur(100), eur(450)]
    amount = promo("amount", AmountOff((eur(100),), "lines"), priority=1)
    assert off(take(cheap, amount, promo("half", percent("50")))) == {"cup": 550}
    assert off(take(cheap, msgspec.structs.replace(amount, priority=200), promo("half", percent("50")))) == {"cup": 600}


def test_of_those_that_do_not_stack_each_line_has_its_best() -> None:
    tenth = promo("tenth", percent("10"), stackable=False)
    euros = promo("euros", AmountOff((eur(90),), "lines"), Selection(skus=("cup", "tea")), stackable=False)
    cheap = [line("cup", 500), line("tea", 1000), line("bowl", 1000)]
    found = take(cheap, tenth, euros)
    assert [[d.promotion for d in line.discounts] for line in found.lines] == [["euros"], ["tenth"], ["tenth"]]


def test_of_those_that_do_not_stack_the_order_has_the_best() -> None:
    small = promo("small", percent("10", "order"), stackable=False, priority=1)
    large = promo("large", AmountOff((eur(500),)), stackable=False)
    assert take(CUPS, small, large, promo("more", percent("1", "order"))).applied == ("large", "more")


def test_an_exclusive_promotion_applies_alone_or_not_at_all() -> None:
    alone = promo("alone", percent("20"), exclusive=True)
    two = [promo("one", percent("10")), promo("sent", FreeShipping())]
    assert take(CUPS, alone, *two, shipping=100).applied == ("alone",)
    assert take(CUPS, alone, *two, shipping=495).applied == ("one", "sent")
    even = [line("cup", 1000)]
    assert take(even, alone, promo("as-good", percent("20"))).applied == ("as-good",)


def test_a_coupon_that_does_not_get_its_turn_is_told_why() -> None:
    coupons = (
        Voucher("B", "sale"),
        Voucher("A", "sale"),
        Voucher("C", "alone"),
        Voucher("D", "sent"),
        Voucher("E", "x"),
    )
    sale, alone = promo("sale", percent("20"), needs_coupon=True), promo("alone", percent("10"), exclusive=True)
    found = take(CUPS, sale, alone, promo("sent", FreeShipping()), coupons=coupons)
    assert found.redeemed == ("A",)
    refused = {"B": "same_promotion", "C": "not_combinable", "D": "no_effect", "E": "coupon_expired"}
    assert found.refused == refused


def test_shipping_is_free_once() -> None:
    found = take(CUPS, promo("b", FreeShipping()), promo("a", FreeShipping()), shipping=495)
    assert (found.applied, off(found)) == (("a",), {"shipping": 495})


def test_what_is_not_sold_is_left_alone() -> None:
    gone = line("pot", 5000, status=NOT_SOLD)
    found = take([gone, line("cup", 1000)], promo("ten", AmountOff((eur(100),))), promo("two", CheapestFree(2)))
    assert off(found) == {"cup": 100}
    assert take([gone], promo("ten", percent("10"))).applied == ()
    assert take([], promo("ten", percent("10")), shipping=495).applied == ()


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"effect": {"type": "percent_off", "percent": 0}}, "/effect/percent"),
        ({"effect": {"type": "percent_off", "percent": 100.5}}, "/effect/percent"),
        ({"effect": {"type": "percent_off", "percent": "NaN"}}, "/effect/percent"),
        ({"effect": {"type": "percent_off", "percent": "1e400"}}, "/effect/percent"),
        ({"effect": {"type": "percent_off", "percent": 1.255}}, "/effect/percent"),
        ({"effect": {"type": "amount_off", "amounts": [ONE] * 2}}, "/effect/amounts"),
        ({"effect": {"type": "fixed_price", "prices": [ONE] * 2}}, "/effect/prices"),
        ({"effect": {"type": "by_quantity", "tiers": [{"at_least": 2, "percent": 5}] * 2}}, "/effect/tiers"),
        ({"effect": {"type": "by_total", "tiers": [{"at_least": ONE}]}}, "/effect/tiers/0"),
        ({"effect": {"type": "free_shipping"}, "conditions": BACKWARDS}, "/conditions/ends_at"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_by_its_place(draft: Any, pointer: str) -> None:
    with pytest.raises(ShopError) as refused:
        what.check(msgspec.convert({"name": "Sale", **draft}, PromotionDraft, strict=False))
    assert (refused.value.status, refused.value.pointer) == (422, pointer)


# Whatever the cart and whatever the promotions.
SKUS = ["bowl", "cup", "pot", "tea", "tray"]
percents = st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
pieces = st.integers(1, 6)
selections = st.builds(
    Selection,
    skus=st.lists(st.sampled_from(SKUS), max_size=3).map(tuple),
    categories=st.lists(st.sampled_from(["table", "food"]), max_size=1).map(tuple),
)


def amounts(currency: str) -> st.SearchStrategy[tuple[Money, ...]]:
    return st.integers(0, 5_000).map(lambda amount: (Money(amount, currency), Money(7, "CHF")))


def effects(currency: str) -> st.SearchStrategy[Effect]:
    of = st.sampled_from(["lines", "order"])
    tiers = st.lists(st.builds(PiecesTier, pieces, percents), min_size=1, max_size=3).map(tuple)
    least = st.integers(0, 9_000).map(lambda amount: Money(amount, currency))
    totals = st.lists(st.builds(TotalTier, least, amount=least), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(PercentOff, percents, of),
        st.builds(AmountOff, amounts(currency), of),
        st.builds(FixedPrice, amounts(currency)),
        st.builds(BuyXGetY, pieces, pieces, percents, st.none() | selections),
        st.builds(CheapestFree, st.integers(2, 5)),
        st.builds(TieredByQuantity, tiers),
        st.builds(TieredByTotal, totals),
        st.just(FreeShipping()),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[PricedLine], Shipping | None, list[Promotion]]:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    skus = draw(st.lists(st.sampled_from(SKUS), max_size=5, unique=True))
    sold = st.sampled_from([OK, OK, NOT_SOLD])
    lines = [line(sku, draw(st.integers(0, 9_999)), draw(pieces), currency, draw(sold)) for sku in skus]
    found = [
        promo(
            f"p{n}",
            draw(effects(currency)),
            draw(selections),
            priority=draw(st.integers(0, 2)),
            stackable=draw(st.booleans()),
            exclusive=draw(st.sampled_from([False, False, True])),
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    shipping = draw(st.none() | st.integers(0, 2_000))
    return lines, None if shipping is None else sending(shipping, currency), found


@given(cases())
def test_nothing_costs_less_than_nothing(case: Any) -> None:
    found = rules.apply(*case, SHOPPER)
    for paid in [*found.lines, *([found.shipping] if found.shipping else [])]:
        assert discounted(paid).amount >= 0
        assert all(discount.amount.amount > 0 for discount in paid.discounts)


@given(cases())
def test_what_is_taken_off_is_named_and_of_a_promotion_that_applied(case: Any) -> None:
    found = rules.apply(*case, SHOPPER)
    paid = [*found.lines, *([found.shipping] if found.shipping else [])]
    assert {d.promotion for each in paid for d in each.discounts} == set(found.applied)
    exclusive = {one.id for one in case[2] if one.exclusive}
    assert len(found.applied) == 1 or exclusive.isdisjoint(found.applied)


@given(cases().flatmap(lambda case: st.tuples(st.just(case), st.permutations(case[0]), st.permutations(case[2]))))
def test_the_order_of_lines_and_promotions_does_not_matter(drawn: Any) -> None:
    (lines, shipping, promotions), other_lines, other_promotions = drawn
    one = rules.apply(lines, shipping, promotions, SHOPPER)
    other = rules.apply(other_lines, shipping, other_promotions, SHOPPER)
    assert sorted(one.lines, key=lambda each: each.sku) == sorted(other.lines, key=lambda each: each.sku)
    assert (one.applied, one.shipping) == (other.applied, other.shipping)


@given(cases(), st.integers(0, 20_000))
def test_an_amount_off_the_order_is_taken_off_in_full_or_nothing_is_left(case: Any, amount: int) -> None:
    lines, _, _ = case
    currency = lines[0].total.currency if lines else "EUR"
    found = rules.apply(lines, None, [promo("voucher", AmountOff((Money(amount, currency),)))], SHOPPER)
    whole = sum(each.total.amount for each in lines if each.status != NOT_SOLD)
    assert sum(off(found).values()) == min(amount, whole)
