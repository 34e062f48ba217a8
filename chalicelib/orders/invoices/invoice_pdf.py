"""The PDF of an invoice or a credit note (ReportLab). The same content makes the same bytes, always.

Fonts are in the file: DejaVu Sans for Latin, Greek and Cyrillic, Droid Sans Fallback for Chinese and Japanese. Only
Korean is left to the reader's own font: neither has it, and a third one would weigh as much as both.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

from chalicelib.orders.address import Address
from chalicelib.orders.invoices import invoice_format as written
from chalicelib.orders.invoices.invoice_content import CREDIT_NOTE, REFUND, RETAINED, Content, Line, TaxPart
from chalicelib.orders.invoices.invoice_words import WORDS

_FONTS = Path(__file__).parent / "fonts"
_PLAIN, _BOLD, _FALLBACK = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DroidSansFallbackFull"
_KOREAN = "HYSMyeongJo-Medium"
_GREY = "#555555"
_FIRST_WIDE = 0x2E80  # from here on stand scripts that break a line between any two signs


def render(content: Content) -> bytes:
    """The file of a document."""
    _spare_pillow()
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    file = io.BytesIO()
    page = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=24 * mm,
        invariant=1,
        lang=content.language,
        title=f"{WORDS[content.language][content.kind]} {content.number}",
        author=content.seller.address.name,
    )
    print_page = _Page(content)
    page.build(list(print_page.story()), onFirstPage=print_page.foot, onLaterPages=print_page.foot)
    return file.getvalue()


def _spare_pillow() -> None:
    """ReportLab wants Pillow by name for pictures, of which an invoice has none: 5 MB that the package leaves out."""
    if "PIL" not in sys.modules:
        pillow = ModuleType("PIL")
        pillow.Image = None  # type: ignore[attr-defined]  # ReportLab knows this as "no pictures"
        sys.modules["PIL"] = pillow
        try:
            import reportlab.lib.utils  # noqa: F401  # keeps what it found
        finally:
            del sys.modules["PIL"]


@cache
def _font(name: str) -> Any:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(name, _FONTS / f"{name}.ttf")
    pdfmetrics.registerFont(font)
    return font


@cache
def _style(bold: bool, wide: bool, size: float, align: int, color: str) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    name = _BOLD if bold else _PLAIN
    _font(name)
    wrap = {"wordWrap": "CJK"} if wide else {}
    return ParagraphStyle(
        f"{name} {size}", fontName=name, fontSize=size, leading=size * 1.35, alignment=align, textColor=color, **wrap
    )


@cache
def _korean() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(_KOREAN))
    return _KOREAN


def _font_for(sign: str, usual: str) -> str:
    if sign == "\n" or ord(sign) in _font(usual).face.charToGlyph:
        return usual
    if "\uac00" <= sign <= "\ud7a3":
        return _korean()
    return _FALLBACK if ord(sign) in _font(_FALLBACK).face.charToGlyph else usual


def _markup(text: str, bold: bool) -> str:
    """Text in which each run of signs names the font that has them."""
    usual = _BOLD if bold else _PLAIN
    runs = []
    for font, signs in groupby((s for s in text if s >= " " or s == "\n"), lambda sign: _font_for(sign, usual)):
        run = escape("".join(signs)).replace("\n", "<br/>")
        runs.append(run if font == usual else f'<font name="{font}">{run}</font>')
    return "".join(runs)


def _text(text: str, *, bold: bool = False, size: float = 9, right: bool = False, color: str = "#000000") -> Any:
    from reportlab.platypus import Paragraph

    wide = any(ord(sign) >= _FIRST_WIDE for sign in text)
    return Paragraph(_markup(text, bold), _style(bold, wide, size, 2 if right else 0, color))


class _Page:
    """A document's parts, from the top of its first page down."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.language = content.language
        self.words = WORDS[content.language]
        # A credit note says how much goes back.
        self.sign = -1 if content.kind == CREDIT_NOTE else 1

    def story(self) -> Iterator[Any]:
        from reportlab.platypus import Spacer

        content = self.content
        yield self._heads()
        yield Spacer(0, 18)
        yield _block(_text(f"{self.words[content.kind]} {content.number}", bold=True, size=15))
        yield Spacer(0, 10)
        yield self._lines()
        yield Spacer(0, 8)
        yield self._total()
        if content.taxes:
            yield Spacer(0, 10)
            yield self._taxes()
        for note in sorted({tax.kind for tax in content.taxes} & {"reverse_charge", "export"}):
            yield Spacer(0, 8)
            yield _block(_text(self.words[note]))
        if content.seller.footer:
            yield Spacer(0, 12)
            yield _block(_text(content.seller.footer, size=8, color=_GREY))

    def foot(self, canvas: Any, page: Any) -> None:
        """What stands at the foot of every page: register, bank, page."""
        seller = self.content.seller
        parts = [f"{tax_id.name} {tax_id.value}" for tax_id in seller.tax_ids]
        parts += [f"{self.words[name]}: {text}" for name in ("register", "bank") if (text := getattr(seller, name))]
        line = _text(" · ".join(" ".join(part.split()) for part in parts), size=7, color=_GREY)
        _, height = line.wrap(page.width, page.bottomMargin)
        line.drawOn(canvas, page.leftMargin, page.bottomMargin - height - 4)
        number = _text(f"{self.words['page']} {canvas.getPageNumber()}", size=7, right=True, color=_GREY)
        number.wrap(page.width, page.bottomMargin)
        number.drawOn(canvas, page.leftMargin, 20)

    def _heads(self) -> Any:
        content, seller = self.content, self.content.seller
        about = [
            ("number", content.number),
            ("date", written.day(content.issued_on, self.language)),
            ("order", content.order_number),
            ("ordered", written.day(content.ordered_on, self.language)),
        ]
        if content.corrects:
            about.append(("corrects", ", ".join(content.corrects)))
        sender = [_text(seller.address.name, bold=True, size=11)]
        sender += [_text(line, color=_GREY) for line in [*self._address(seller.address)[1:], seller.email] if line]
        buyer = [_text(self.words["buyer"], bold=True), *map(_text, self._buyer())]
        facts = _table([[_text(self.words[name], color=_GREY), _text(value)] for name, value in about], (70, 150))
        return _table([[sender, ""], [buyer, facts]], (255, 225), gap=10)

    def _buyer(self) -> list[str]:
        buyer = self.content.buyer
        lines = [buyer.company or "", *(self._address(buyer.address) if buyer.address else []), buyer.email]
        if buyer.tax_id:
            lines.append(f"{self.words['buyers_tax_id']} {buyer.tax_id}")
        return [line for line in lines if line]

    def _address(self, address: Address) -> list[str]:
        town = " ".join(filter(None, (address.postal_code, address.city)))
        country = written.country(address.country, self.language)
        return [line for line in (address.name, address.line1, address.line2, town, address.region, country) if line]

    def _lines(self) -> Any:
        names = ("article", "sku", "quantity", "unit_price", "amount")
        heads = [_text(self.words[name], bold=True, size=8, right=name not in ("article", "sku")) for name in names]
        return _table(
            [heads, *map(self._line, self.content.lines)], (200, 80, 50, 75, 75), rules=True, gap=3, heads=True
        )

    def _line(self, line: Line) -> list[Any]:
        title = line.title or self.words.get(line.kind, "")
        told = [_text(" · ".join([title, *line.options]))]
        told += [
            _text(f"{self.words[name]}: {self._money(-amount)}", size=8, color=_GREY)
            for name, amount in (("discount", line.discount), ("tax_relief", line.relief))
            if amount
        ]
        unit_price = "" if line.unit_price is None else self._money(abs(line.unit_price), signed=False)
        pieces = 1 if line.kind in (REFUND, RETAINED) else self.sign * line.quantity
        return [
            told,
            _text(line.sku, size=8, color=_GREY),
            _text(written.quantity(pieces, self.language), right=True),
            _text(unit_price, right=True),
            _text(self._money(line.total - line.discount - line.relief), right=True),
        ]

    def _total(self) -> Any:
        rows = [
            [_text(f"{self._tax(tax)}", right=True), _text(self._money(tax.amount), right=True)]
            for tax in self.content.taxes
            if tax.amount and not tax.included
        ]
        name = self.words["credited" if self.content.kind == CREDIT_NOTE else "total"]
        total = self._money(self.content.total)
        rows.append([_text(name, bold=True, size=11, right=True), _text(total, bold=True, size=11, right=True)])
        return _table(rows, (380, 100))

    def _taxes(self) -> Any:
        heads = [_text(self.words[n], bold=True, size=8, right=n != "tax") for n in ("tax", "net", "tax_amount")]
        rows = [
            [
                _text(self._tax(tax) + (f" ({self.words['included']})" if tax.included else ""), size=8),
                _text(self._money(tax.base), size=8, right=True),
                _text(self._money(tax.amount), size=8, right=True),
            ]
            for tax in self.content.taxes
        ]
        return _table([heads, *rows], (200, 140, 140), rules=True, gap=2)

    def _tax(self, tax: TaxPart) -> str:
        return f"{tax.name} {written.percent(tax.rate, self.language)}"

    def _money(self, amount: int, *, signed: bool = True) -> str:
        return written.money(amount * (self.sign if signed else 1), self.content.currency, self.language)


def _block(part: Any) -> Any:
    return _table([[part]], (480,))


def _table(
    rows: Sequence[Sequence[Any]], widths: Sequence[float], *, rules: bool = False, gap: float = 0, heads: bool = False
) -> Any:
    from reportlab.platypus import Table

    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), gap),
        ("BOTTOMPADDING", (0, 0), (-1, -1), gap),
    ]
    if rules:
        style.append(("LINEBELOW", (0, 0), (-1, -1), 0.25, _GREY))
    return Table(rows, colWidths=widths, style=style, repeatRows=int(heads))
