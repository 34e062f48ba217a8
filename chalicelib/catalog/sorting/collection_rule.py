"""What belongs to a collection by rule: tests of a product's facts, joined. rule_language.py writes and reads them."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from chalicelib.catalog.product import AttributeValue

ATTRIBUTE = "attribute."
# What counts as a number in a rule and in texts.
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Facts(msgspec.Struct, frozen=True):
    """What rules ask of a product. `categories` are its category and those above it, `price` is in minor units."""

    tags: tuple[str, ...]
    brand: str | None
    titles: tuple[str, ...]
    categories: tuple[str, ...]
    price: int
    on_sale: bool
    attributes: Mapping[str, AttributeValue]


class Words(msgspec.Struct, frozen=True):
    """A test of texts. `operator` is =, !=, in or contains; only `in` has several `words`."""

    field: str
    operator: str
    words: tuple[str, ...]

    def holds(self, facts: Facts) -> bool:
        texts = _texts(self.field, facts)
        if self.operator == "contains":
            return any(self.words[0].casefold() in text.casefold() for text in texts)
        found = not _plain(texts).isdisjoint(_plain(self.words))
        return not found if self.operator == "!=" else found


class Price(msgspec.Struct, frozen=True):
    """A test of the price, in minor units of the shop's currency."""

    operator: str
    amount: int

    def holds(self, facts: Facts) -> bool:
        return _COMPARE[self.operator](facts.price, self.amount)


class Number(msgspec.Struct, frozen=True):
    """A test of a number that is an attribute's value: <, <=, > or >=."""

    attribute: str
    operator: str
    number: Decimal

    def holds(self, facts: Facts) -> bool:
        known = _number(facts.attributes.get(self.attribute))
        return known is not None and _COMPARE[self.operator](known, self.number)


class OnSale(msgspec.Struct, frozen=True):
    value: bool

    def holds(self, facts: Facts) -> bool:
        return facts.on_sale is self.value


class Not(msgspec.Struct, frozen=True):
    rule: "Rule"

    def holds(self, facts: Facts) -> bool:
        return not self.rule.holds(facts)


class All(msgspec.Struct, frozen=True):
    rules: tuple["Rule", ...]

    def holds(self, facts: Facts) -> bool:
        return all(rule.holds(facts) for rule in self.rules)


class Either(msgspec.Struct, frozen=True):
    rules: tuple["Rule", ...]

    def holds(self, facts: Facts) -> bool:
        return any(rule.holds(facts) for rule in self.rules)


# `rule.holds(facts)`: whether a product belongs to the collection. It never raises: what can not be compared does not.
Test = Words | Price | Number | OnSale
Rule = Test | Not | All | Either


def _texts(field: str, facts: Facts) -> tuple[str, ...]:
    if field == "tag":
        return facts.tags
    if field == "brand":
        return (facts.brand,) if facts.brand else ()
    if field == "title":
        return facts.titles
    if field == "category":
        return facts.categories
    return _value_texts(facts.attributes.get(field.removeprefix(ATTRIBUTE)))


def _value_texts(value: AttributeValue | None) -> tuple[str, ...]:
    if value is None or isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, bool):
        return ("yes", "true") if value else ("no", "false")
    if isinstance(value, (int, float)):
        number = _number(value)
        return () if number is None else (_digits(number),)
    return tuple(value)


def _number(value: AttributeValue | None) -> Decimal | None:
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=1000)  # the same words are asked of every product, and the same tags by every rule
def _plain(texts: tuple[str, ...]) -> frozenset[str]:
    """Texts as they are compared: 1.50 is 1.5, and Blue is blue."""
    return frozenset(_digits(Decimal(text)) if NUMBER.fullmatch(text) else text.casefold() for text in texts)


def _digits(number: Decimal) -> str:
    text = f"{number:f}" if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text
