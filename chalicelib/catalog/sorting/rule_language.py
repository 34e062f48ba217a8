"""The language in which staff say what belongs to a collection: `tag = summer and price < 50`.

A rule is tests joined by `and`, `or`, `not` and parentheses; `and` binds closer than `or`. A test is a field, an
operator and a value, of which one with spaces, signs or a word of the language stands in double quotes:

| field          | operators               | is about                                                      |
|----------------|-------------------------|---------------------------------------------------------------|
| tag            | = != in contains        | any of the product's tags                                     |
| brand          | = != in contains        |                                                               |
| title          | = != in contains        | the title in any language                                     |
| category       | = != in                 | the id of the product's category or of any above it           |
| price          | = != < <= > >=          | the lowest of its variants' own prices: 49.90                 |
| on_sale        | = !=                    | yes or no: a variant's price is below its compare-at price    |
| attribute.<id> | = != in contains        | any of the attribute's texts, its number, or yes or no        |
| attribute.<id> | < <= > >=               | its number                                                    |

Capitals make no difference. `in` takes several values: `brand in (Kiln, "Blue Sky")`. What a product does not have is
equal to nothing.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from chalicelib.catalog.sorting.collection_rule import (
    ATTRIBUTE,
    NUMBER,
    All,
    Either,
    Not,
    Number,
    OnSale,
    Price,
    Rule,
    Test,
    Words,
)
from chalicelib.core import money
from chalicelib.core.errors import ShopError

_MOST_TESTS = 50
_DEEPEST = 20
_OPERATORS = {
    "tag": "= != in contains",
    "brand": "= != in contains",
    "title": "= != in contains",
    "category": "= != in",
    "price": "= != < <= > >=",
    "on_sale": "= !=",
    "attribute": "= != in contains < <= > >=",
}
_KEYWORDS = frozenset({"and", "or", "not", "in", "contains"})
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}
_ATTRIBUTE_ID = re.compile(r"[^\W_]+([-_.][^\W_]+)*")
# A word may hold an apostrophe, but what begins with one was meant as a quoted text.
_WORD = r"""[^\s()",=!<>'“”‘’][^\s()",=!<>]*"""
_TOKEN = re.compile(rf'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>[(),]|[<>!]=|[=<>])|(?P<word>{_WORD}))', re.S)


def text_of(rule: Rule, currency: str) -> str:
    """The rule as staff would write it; parsing it gives the same rule."""
    if isinstance(rule, All):
        return " and ".join(_bracketed(part, currency, All, Either) for part in rule.rules)
    if isinstance(rule, Either):
        return " or ".join(_bracketed(part, currency, Either) for part in rule.rules)
    if isinstance(rule, Not):
        return "not " + _bracketed(rule.rule, currency, All, Either)
    return _test_text(rule, currency)


def _bracketed(rule: Rule, currency: str, *looser: type) -> str:
    text = text_of(rule, currency)
    return f"({text})" if isinstance(rule, looser) else text


def _test_text(test: Test, currency: str) -> str:
    match test:
        case Price(sign, amount):
            return f"price {sign} {_decimal(amount, currency)}"
        case OnSale(value):
            return f"on_sale = {'yes' if value else 'no'}"
        case Number(attribute, sign, number):
            return f"{ATTRIBUTE}{attribute} {sign} {number:f}"
        case Words(field, "in", words):
            return f"{field} in ({', '.join(map(_quoted, words))})"
        case Words(field, sign, words):
            return f"{field} {sign} {_quoted(words[0])}"


def _quoted(word: str) -> str:
    if word.lower() not in _KEYWORDS and re.fullmatch(_WORD, word) and "\\" not in word:
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _decimal(amount: int, currency: str) -> str:
    digits = money.exponent(currency)
    return f"{Decimal(amount).scaleb(-digits):f}"


def parse(text: str, currency: str) -> Rule:
    """The rule in `text`, with prices in `currency`. ShopError 422 `invalid_rule` at /rule, which says where."""
    parser = _Parser(_tokens(text), len(text), currency)
    rule = parser.either(0)
    if parser.next.text:
        raise _bad(parser.next.at, "Tests are joined by and or or.")
    return rule


class _Token(NamedTuple):
    text: str
    at: int
    word: str | None  # what a word or a quoted text says, None of a sign

    def means(self, keyword: str) -> bool:
        return self.text.lower() == keyword


def _tokens(text: str) -> Iterable[_Token]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            quote = text[at] in "\"'“”‘’"
            raise _bad(at, 'Quoted texts stand between double quotes: "like this".' if quote else "No sign of a rule.")
        kind = str(found.lastgroup)
        said = found[kind]
        word = re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.S) if kind == "quoted" else said
        yield _Token(said, found.start(kind), None if kind == "sign" else word)
        place = found.end()


class _Parser:
    """Recursive descent, one token ahead: `next` is the one that comes, of no text at the end."""

    def __init__(self, tokens: Iterable[_Token], end: int, currency: str) -> None:
        self.currency = currency
        self.tests = 0
        self._end = _Token("", end, None)
        self._tokens = iter(tokens)
        self.next = next(self._tokens, self._end)

    def either(self, depth: int) -> Rule:
        parts = [self.all(depth)]
        while self.next.means("or"):
            self.take()
            parts.append(self.all(depth))
        return Either(tuple(parts)) if len(parts) > 1 else parts[0]

    def all(self, depth: int) -> Rule:
        parts = [self.one(depth)]
        while self.next.means("and"):
            self.take()
            parts.append(self.one(depth))
        return All(tuple(parts)) if len(parts) > 1 else parts[0]

    def one(self, depth: int) -> Rule:
        if depth > _DEEPEST:
            raise _bad(self.next.at, f"Parentheses and nots stand in each other at most {_DEEPEST} times.")
        if self.next.means("not"):
            self.take()
            return Not(self.one(depth + 1))
        if self.next.text == "(":
            self.take()
            rule = self.either(depth + 1)
            self.take(")", "A closing parenthesis is missing.")
            return rule
        return self.test()

    def test(self) -> Rule:
        self.tests += 1
        if self.tests > _MOST_TESTS:
            raise _bad(self.next.at, f"A rule has at most {_MOST_TESTS} tests.")
        field, at = self.next.text.lower(), self.next.at
        attribute = self.next.text[len(ATTRIBUTE) :] if field.startswith(ATTRIBUTE) else None
        operators = _OPERATORS.get("attribute" if attribute is not None else field)
        if operators is None or field == "attribute":
            raise _bad(at, f"A field is expected: {', '.join([*_OPERATORS][:-1])} or attribute.<id>.")
        if attribute is not None and not _ATTRIBUTE_ID.fullmatch(attribute):
            raise _bad(at, f"{attribute!r} is no attribute's id.")
        self.take()
        sign = self.next.text.lower()
        if sign not in operators.split():
            raise _bad(self.next.at, f"One of {operators} is expected after {field}.")
        self.take()
        if field == "price":
            return Price(sign, self.amount())
        if field == "on_sale":
            return OnSale(self.yes_or_no() is (sign == "="))
        if sign in ("<", "<=", ">", ">="):
            return Number(str(attribute), sign, self.number())
        words = self.several() if sign == "in" else (self.word(),)
        return Words(field if attribute is None else ATTRIBUTE + attribute, sign, words)

    def several(self) -> tuple[str, ...]:
        self.take("(", "Values in parentheses are expected after in.")
        words = [self.word()]
        while self.next.text == ",":
            self.take()
            words.append(self.word())
        self.take(")", "A closing parenthesis is missing.")
        return tuple(words)

    def word(self) -> str:
        token = self.next
        if not token.word or token.text.lower() in _KEYWORDS:
            raise _bad(token.at, "A value is expected, in double quotes if it is a word of this language.")
        self.take()
        return token.word

    def amount(self) -> int:
        at = self.next.at
        try:
            return money.parse(self.word(), self.currency).amount
        except ShopError as error:
            raise _bad(at, error.detail) if error.code == "invalid_amount" else error

    def yes_or_no(self) -> bool:
        at, word = self.next.at, self.word().lower()
        if word not in _YES_OR_NO:
            raise _bad(at, "Yes or no is expected.")
        return _YES_OR_NO[word]

    def number(self) -> Decimal:
        at, word = self.next.at, self.word()
        if not NUMBER.fullmatch(word):
            raise _bad(at, "A number is expected.")
        return Decimal(word)

    def take(self, expected: str | None = None, otherwise: str = "") -> None:
        if expected is not None and self.next.text != expected:
            raise _bad(self.next.at, otherwise)
        self.next = next(self._tokens, self._end)


def _bad(at: int, detail: str) -> ShopError:
    extra: dict[str, object] = {"position": at + 1}
    return ShopError("invalid_rule", 422, f"At character {at + 1}: {detail}", pointer="/rule", extra=extra)
