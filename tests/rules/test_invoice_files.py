"""What stands on the paper: names of all scripts, amounts with their currency's decimals, the same bytes always."""

import io
import subprocess
import sys
from decimal import Decimal

import msgspec
import pypdf
import pytest

from chalicelib.orders.address import Address
from chalicelib.orders.invoices import invoice_format, invoice_pdf
from chalicelib.orders.invoices.invoice_content import (
    ITEM,
    Buyer,
    Content,
    Line,
    Seller,
    TaxId,
    TaxPart,
    amount_of,
    difference,
    kind_of,
    taxes_of,
)

SELLER = Seller(
    Address(name="Jishi 集市 GmbH", line1="Große Straße 1", city="Köln", postal_code="50667", country="DE"),
    [TaxId("USt-IdNr.", "DE123456789")],
    register="HRB 1, Köln",
    bank="IBAN DE02 1203 0000 0000 2020 51",
    footer="Vielen Dank!\nBis bald.",
)
TAX = TaxPart("VAT", Decimal(19), True, "standard", 2168, 412)
LINES = [Line(ITEM, "MUG", "Tasse", 2, 1290, 2580, 2580, options=["blau", "<groß> & weit"], taxes=[TAX])]


def content(lines=LINES, name="Zoë Müller", language="en", currency="EUR", **more):
    return Content(
        kind=kind_of(lines),
        number="INV-2026-000001",
        issued_on="2026-11-24",
        order_id="ord_01kdyhq2wgf3v8m6t4x9c7b5az",
        order_number="K7M-4X9",
        ordered_on="2026-11-20",
        currency=currency,
        language=language,
        seller=SELLER,
        buyer=Buyer("zoe@jishi.example", Address(name=name, line1="Main 1", city="Town", country="GR")),
        lines=lines,
        taxes=taxes_of(lines),
        total=amount_of(lines),
        **more,
    )


def read(file: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(file)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(
    "name",
    ["Zoë Núñez-Łukasz", "Γιώργος Παπαδόπουλος", "Пётр Ильич Чайковский", "王小明", "東海林さだお", "Ngô Bảo Châu"],
)
def test_a_name_of_any_of_these_scripts_is_in_the_file_and_so_is_its_font(name):
    file = invoice_pdf.render(content(name=name))
    assert name in read(file)
    fonts = pypdf.PdfReader(io.BytesIO(file)).pages[0]["/Resources"]["/Font"]
    used = [font.get_object() for font in fonts.values()]
    embedded = [f["/BaseFont"] for f in used if "/FontFile2" in f.get("/FontDescriptor", {})]
    assert any("DejaVu" in font for font in embedded)


def test_the_same_document_is_the_same_bytes_in_another_process_too():
    program = f"""
import sys, hashlib, msgspec
from chalicelib.orders.invoices import invoice_pdf
from chalicelib.orders.invoices.invoice_content import Content
content = msgspec.json.decode({msgspec.json.encode(content(name="王小明"))!r}, type=Content)
sys.stdout.buffer.write(invoice_pdf.render(content))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == invoice_pdf.render(content(name="王小明"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Invoice INV-2026-000001", "November 24, 2026", "€25.80", "VAT 19% (included)", "Greece"]),
        ("de", ["Rechnung INV-2026-000001", "24. November 2026", "25,80 €", "VAT 19 % (enthalten)", "Griechenland"]),
        ("nl", ["Factuur INV-2026-000001", "24 november 2026", "€ 25,80", "inbegrepen", "Griekenland"]),
        ("fr", ["Facture INV-2026-000001", "24 novembre 2026", "25,80 €", "comprise", "Grèce"]),
        ("zh", ["发票 INV-2026-000001", "2026年11月24日", "€25.80", "已含", "希腊"]),
    ],
)
def test_it_is_written_in_the_customers_language(language, words):
    text = read(invoice_pdf.render(content(language=language)))
    assert [word for word in words if word not in text] == []


def test_a_credit_note_says_how_much_goes_back():
    text = read(invoice_pdf.render(content(difference([], LINES), language="en", corrects=["INV-2026-000007"])))
    assert "Credit note" in text
    assert "Total credited €25.80" in text
    assert "INV-2026-000007" in text


def test_a_long_document_goes_on_on_the_next_page():
    lines = [msgspec.structs.replace(LINES[0], sku=f"SKU-{n}", title=f"Thing {n} " * 12) for n in range(40)]
    text = read(invoice_pdf.render(content(lines)))
    assert "SKU-39" in text
    assert "Page 3" in text


def test_signs_that_no_font_has_do_no_harm():
    assert "Tasse" in read(invoice_pdf.render(content(name="🙂 \x00\x07 <b> &amp; ไทย")))


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1500, "JPY", "¥1,500"),
        (1234, "KWD", "KWD 1.234"),
        (123456, "EUR", "€1,234.56"),
        (-5, "EUR", "-€0.05"),
        (1234, "IQD", "IQD 1.234"),
        (10, "HUF", "HUF 0.10"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount, currency, written):
    assert invoice_format.money(amount, currency, "en").replace("\xa0", " ") == written
