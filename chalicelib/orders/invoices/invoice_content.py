"""What an invoice or a credit note says: the difference between what an order costs now and what is documented.

Amounts are minor units of the order's currency, more than nothing where the customer pays. So an order's documents,
added up, are what it costs in the end, and so is each tax. A credit note is what adds up to less than nothing; only
its reader sees the signs the other way round.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.money import allocate
from chalicelib.orders.address import Address

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
ITEM, SHIPPING, REFUND, RETAINED = "item", "shipping", "refund", "retained"

Kind = Literal["invoice", "credit_note"]
Language = Literal["en", "de", "nl", "fr", "zh"]
Prefix = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,10}$(?!\n)")]
Text = Annotated[str, Meta(max_length=1000)]

# The language that most people of a country read, as CLDR's likely subtags have it, where it is one of ours.
_LANGUAGES: dict[str, Language] = {
    **dict.fromkeys(("DE", "AT", "CH", "LI"), "de"),
    **dict.fromkeys(("NL", "BE", "SR", "AW", "CW"), "nl"),
    **dict.fromkeys(("FR", "LU", "MC", "SN", "CI", "GP", "MQ", "RE"), "fr"),
    **dict.fromkeys(("CN", "SG", "TW", "HK", "MO"), "zh"),
    **dict.fromkeys(("GB", "IE", "US", "CA", "AU", "NZ", "MT", "ZA", "IN"), "en"),
}


class TaxId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number under which a tax office knows the shop; `name` is what it is called: "VAT ID", "税号"."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    value: Annotated[str, Meta(min_length=1, max_length=60)]


class Seller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sells, as invoices say it. `address.name` is the legal name; `register` and `bank` are printed as they are.

    `language` is that of invoices whose customer's language the shop does not speak. Numbers begin with the prefixes,
    which stay as they are once they were decided.
    """

    address: Address
    tax_ids: Annotated[list[TaxId], Meta(max_length=5)] = []
    register: Text = ""
    bank: Text = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    footer: Text = ""
    language: Language = "en"
    invoice_prefix: Prefix = "INV"
    credit_note_prefix: Prefix = "CN"


class Buyer(msgspec.Struct, frozen=True):
    """Who bought. Of an order that was not sent anywhere only the e-mail address may be known."""

    email: str
    address: Address | None = None
    company: str | None = None
    tax_id: str | None = None


class TaxPart(msgspec.Struct, frozen=True):
    """What a tax of `rate` percent is: `amount` on the net `base`. `kind` is why a rate is zero, if it is not
    `standard`."""

    name: str
    rate: Decimal
    included: bool
    kind: str
    base: int
    amount: int

    @property
    def key(self) -> tuple[str, Decimal, bool, str]:
        return self.name, self.rate, self.included, self.kind


class Line(msgspec.Struct, frozen=True):
    """A line of a document. `to_pay` is `total` less `discount`, less `relief` (tax in the price that is not due), plus
    the taxes that are not included. Without `unit_price` no one price makes up the total.

    `kind` and `sku` tell lines of one order apart.
    """

    kind: str
    sku: str
    title: str
    quantity: int
    unit_price: int | None
    total: int
    to_pay: int
    discount: int = 0
    relief: int = 0
    options: list[str] = []
    taxes: list[TaxPart] = []

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.sku


class Content(msgspec.Struct, frozen=True):
    """A document, whole: what its files are made from, and nothing else. `issued_on` and `ordered_on` are dates in
    UTC; `corrects` are the numbers of the order's documents before it."""

    kind: Kind
    number: str
    issued_on: str
    order_id: str
    order_number: str
    ordered_on: str
    currency: str
    language: Language
    seller: Seller
    buyer: Buyer
    lines: list[Line]
    taxes: list[TaxPart]
    total: int
    corrects: list[str] = []


def number(prefix: str, year: int, count: int) -> str:
    """INV-2026-000001."""
    return f"{prefix}-{year}-{count:06d}"


def language(country: str | None, wanted: str | None, otherwise: Language) -> Language:
    """The language of a document: of the locale that the customer `wanted`, else of their country, else the shop's."""
    spoken = (wanted or "").replace("_", "-").partition("-")[0].lower()
    for known in ("en", "de", "nl", "fr", "zh"):
        if spoken == known:
            return known
    return _LANGUAGES.get(country or "", otherwise)


def kind_of(lines: Iterable[Line]) -> Kind:
    return "credit_note" if amount_of(lines) < 0 else "invoice"


def amount_of(lines: Iterable[Line]) -> int:
    return sum(line.to_pay for line in lines)


def taxes_of(lines: Iterable[Line]) -> list[TaxPart]:
    """Each tax of the lines, added up; the highest rate first."""
    return sorted(_added(tax for line in lines for tax in line.taxes), key=lambda t: (-t.rate, t.key))


def given_back(cost: int, captured: int, refunded: int) -> int:
    """What of the refunds was not owed: what an order costs less is owed to whoever has paid more already."""
    return min(cost, max(0, refunded - max(0, captured - cost)))


def costs(lines: Sequence[Line], returned: Mapping[str, int], given_back: int) -> list[Line]:
    """What an order costs of which pieces came back, by SKU, and of whose price `given_back` was.

    Where less was given back than the pieces had cost, the shop retains the rest, which is a line of its own; where it
    was more, the rest is a refund of its own. Both take from every tax their part, so that where everything was given
    back nothing of any tax is left.
    """
    kept = [_less(line, min(returned.get(line.sku, 0), line.quantity)) if line.kind == ITEM else line for line in lines]
    gone = difference(lines, kept)
    rest = amount_of(gone) - given_back
    if rest > 0:
        return [*kept, _part(gone, rest, RETAINED, 1)]
    return [*kept, _part(kept, -rest, REFUND, -1)] if rest else kept


def _part(lines: Sequence[Line], amount: int, kind: str, sign: int) -> Line:
    """A line of `amount` that is made of all of these lines, each with its part."""
    paid = sorted((line for line in lines if line.to_pay > 0), key=lambda line: line.key)
    shares = allocate(amount, [line.to_pay for line in paid])
    taxes = _added(
        msgspec.structs.replace(
            tax, base=sign * (tax.base * share // line.to_pay), amount=sign * (tax.amount * share // line.to_pay)
        )
        for line, share in zip(paid, shares, strict=True)
        for tax in line.taxes
    )
    total = sign * amount - sum(tax.amount for tax in taxes if not tax.included)
    return Line(kind, "", "", 1, total, total, sign * amount, taxes=taxes)


def _less(line: Line, pieces: int) -> Line:
    """A line of which `pieces` came back. Every piece has its own part of it, and all parts add up to the line."""
    if not pieces:
        return line
    quantity = line.quantity

    def left(amount: int) -> int:
        return amount - amount * pieces // quantity

    taxes = [msgspec.structs.replace(tax, base=left(tax.base), amount=left(tax.amount)) for tax in line.taxes]
    total, relief, to_pay = left(line.total), left(line.relief), left(line.to_pay)
    on_top = sum(tax.amount for tax in taxes if not tax.included)
    return msgspec.structs.replace(
        line,
        quantity=quantity - pieces,
        total=total,
        to_pay=to_pay,
        # Whatever rounding leaves is in the discount, so that the line adds up.
        discount=total - relief + on_top - to_pay,
        relief=relief,
        taxes=[tax for tax in taxes if tax.base or tax.amount],
    )


def difference(now: Sequence[Line], documented: Sequence[Line]) -> list[Line]:
    """What has to be documented beside what is: the lines of `now` less those with the same key."""
    before: dict[tuple[str, str], Line] = {}
    for line in documented:
        before[line.key] = _plus(line, before[line.key]) if line.key in before else line
    found = []
    for line in now:
        known = before.pop(line.key, None)
        found.append(_plus(line, _negative(known)) if known else line)
    # What is gone is taken back in the order in which it came.
    found += [_negative(line) for line in before.values()]
    return [line for line in found if _says_something(line)]


def _says_something(line: Line) -> bool:
    return any((line.quantity, line.total, line.to_pay, line.discount, line.relief, *(t.amount for t in line.taxes)))


def _plus(line: Line, other: Line) -> Line:
    quantity, total = line.quantity + other.quantity, line.total + other.total
    prices = [p for p in (line.unit_price, other.unit_price) if p is not None and p * quantity == total]
    return msgspec.structs.replace(
        line,
        quantity=quantity,
        unit_price=prices[0] if prices and quantity else None,
        total=total,
        to_pay=line.to_pay + other.to_pay,
        discount=line.discount + other.discount,
        relief=line.relief + other.relief,
        taxes=_added([*line.taxes, *other.taxes]),
    )


def _negative(line: Line) -> Line:
    return msgspec.structs.replace(
        line,
        quantity=-line.quantity,
        total=-line.total,
        to_pay=-line.to_pay,
        discount=-line.discount,
        relief=-line.relief,
        taxes=[msgspec.structs.replace(tax, base=-tax.base, amount=-tax.amount) for tax in line.taxes],
    )


def _added(taxes: Iterable[TaxPart]) -> list[TaxPart]:
    sums: dict[tuple[str, Decimal, bool, str], TaxPart] = {}
    for tax in taxes:
        known = sums.get(tax.key)
        sums[tax.key] = (
            msgspec.structs.replace(known, base=known.base + tax.base, amount=known.amount + tax.amount)
            if known
            else tax
        )
    return [tax for tax in sums.values() if tax.base or tax.amount]
