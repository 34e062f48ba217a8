"""Product files of any kind: whatever stands in them, it is a product or a problem that is named."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.catalog import product
from chalicelib.catalog.files import cells, dialects, encodings, magento, merchant, shopify, text_lines, woocommerce
from chalicelib.catalog.files.cells import BadCell
from chalicelib.catalog.files.reading import Form, Place, Read, Shop
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money

SHOP = Shop("EUR", datetime(2026, 6, 1, tzinfo=UTC))
COLUMNS = {
    "shopify": "Handle,Title,Variant Price,Variant SKU,Option1 Name,Option1 Value,Tags,Image Src,Variant Grams,Status,"
    "Price / World,Color (product.metafields.custom.color)",
    "woocommerce": "ID,Type,SKU,Name,Published,Parent,Regular price,Sale price,Date sale price ends,Stock,Weight (kg),"
    "Length (cm),Width (cm),Height (cm),Categories,Images,Attribute 1 name,Attribute 1 value(s)",
    "magento": "sku,store_view_code,product_type,product_online,name,price,special_price,special_price_to_date,qty,"
    "weight,categories,additional_attributes,configurable_variations,bundle_price_type,bundle_values,base_image",
    "google_merchant": "id,title,link,price,sale_price,sale_price_effective_date,item_group_id,color,image_link,"
    "shipping_weight,shipping_length,product_type,product_detail,quantity",
}
MODULES = {"shopify": shopify, "woocommerce": woocommerce, "magento": magento, "google_merchant": merchant}
TELLING = [
    *("", "mug", "simple", "variable", "variation", "configurable", "bundle", "fixed", "1", "0", "12,50", "1.299,00"),
    *("a > b", "sku=1,size=S|sku=2,size=M", "name=a,sku=mug,default_qty=2", "https://x.example/1.jpg", "1.5 kg", "de"),
    *(
        "2026-01-01",
        "2026-01-01/2026-12-31",
        "=cmd|' /C calc'!A0",
        "../../etc/passwd",
        "\0",
        "x" * 400,
        "id:1",
        "9" * 30,
    ),
]
words = st.sampled_from(TELLING) | st.text(max_size=40)


def table(header: str, rows: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([header.split(","), *rows])
    return text.getvalue().encode("utf-8", "replace")


def below(content: bytes, form: Form, place: Place) -> Iterator[bytes]:
    return encodings.behind(encodings.opened([content], form.layers), place.start)


def read(content: bytes) -> list[Read]:
    """What each group of neighbouring rows is read as, without what stands apart."""
    form = dialects.recognise(content, True)
    dialect = dialects.dialect_of(form)
    return [
        dialect.read(unit.rows, SHOP) for unit in dialects.units(below(content, form, form.first), form, form.first)
    ]


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_cell_is_a_product_or_a_problem(name: str, data: st.DataObject) -> None:
    width = len(COLUMNS[name].split(","))
    rows = data.draw(st.lists(st.lists(words, min_size=width, max_size=width), min_size=1, max_size=4))
    content = table(COLUMNS[name], rows)
    assert dialects.recognise(content, True).dialect == name
    for result in read(content):
        assert result.draft or result.problems
        if result.draft:
            with suppress(ShopError):
                product.check(result.draft, "EUR")


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_known_by_its_columns_whatever_parts_them(name: str, delimiter: str) -> None:
    form = dialects.recognise(table(COLUMNS[name], [], delimiter), True)
    assert (form.dialect, form.delimiter) == (name, delimiter)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"{", b"<rss>", b"\x1f\x8b", b"\xff\xfe", COLUMNS["shopify"].encode() + b"\n"]),
)
def test_any_bytes_are_read_or_refused(content: bytes, begin: bytes) -> None:
    with suppress(ShopError):
        read(begin + content)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet='ab"\n\r,é∀\u0a0a中', max_size=80),
    st.sampled_from(["utf-8", "utf-16-le", "gb18030"]),
    st.integers(1, 7),
)
def test_lines_know_their_place_in_any_encoding(text: str, encoding: str, size: int) -> None:
    content = text.encode(encoding)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    found = list(text_lines.lines(pieces, text_lines.Layout(encoding)))
    assert [line.text for line in found] == list(io.StringIO(text, newline="\n"))
    assert [content[line.start : line.end].decode(encoding) for line in found] == [line.text for line in found]
    assert all(one.end == other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        *(("19.99", 1999), ("19,99", 1999), ("1,299", 129900), ("1,299.00", 129900), ("1.299,00", 129900)),
        *(("1 299,50", 129950), ("19,99 €", 1999), ("EUR 12", 1200), ("10.9900", 1099), ("0", 0)),
        *(("1.250", None), ("0.500", 50)),
        *(("1.299", None), ("$19.99", None), ("3 USD", None), ("-1", None), ("1,2,3", None), ("free", None)),
    ],
)
def test_amounts_are_read_as_they_are_written_or_not_at_all(written: str, minor: int | None) -> None:
    if minor is not None:
        assert cells.amount(written, "price", "EUR") == Money(minor, "EUR")
        return
    with pytest.raises(BadCell):
        cells.amount(written, "price", "EUR")


BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><item><id>&b;</id></item></rss>'
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><id>&a;</id></item></rss>'
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "zip"),
        (bytes(range(32)) * 50, "no text"),
        (BOMB.encode(), "entities"),
        (OUTSIDE.encode(), "entities"),
        (b"<html><body>Login</body></html>", "no feed"),
        (("c," * 6000).encode(), "columns"),
        (b"a,b,c\n1,2,3\n", "no product file"),
        (b'Handle,"Title', "cut off"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_product_file_is_refused_with_a_reason(content: bytes, why: str) -> None:
    with pytest.raises(ShopError) as refused:
        read(content)
    assert why in refused.value.detail


def test_a_huge_cell_costs_its_row_and_no_other() -> None:
    huge = "x" * 3_000_000
    content = table(
        "Handle,Title,Variant Price",
        [["a", huge, "1"], ["b", "B", "1"], ["c", "\n".join(["x" * 99] * 60_000), "1"], ["d", "D", "1"]],
    )
    assert [result.handle for result in read(content) if result.draft] == ["b", "d"]


def test_a_row_that_is_cut_off_is_named() -> None:
    *_, last = read(b'Handle,Title,Variant Price\na,A,1\nb,"B is')
    assert last.draft is None
    assert "cut off" in last.problems[0].detail


def test_a_row_that_is_cut_off_outside_quotation_marks_is_named() -> None:
    *_, last = read(b"Handle,Title,Variant SKU,Variant Price,Image Src\na,A,s1,1,\nb,B,s2,19")
    assert last.draft is None
    assert "cut off" in last.problems[0].detail
    *_, ragged = read(b"Handle,Title,Variant SKU,Variant Price,Image Src\na,A,s1,1\nb,B,s2,19")
    assert ragged.draft is not None


def test_a_quotation_mark_that_is_missing_gives_no_product_the_price_of_another() -> None:
    content = b"""ID,Type,SKU,Name,Published,Description,Regular price,Stock
1,simple,s1,A,1,"6"" plate,10,1
2,simple,s2,B,1,plain,20,2
3,simple,s3,C,1,"has quotes",30,3
4,simple,s4,D,1,"two
lines",40,4
"""
    first, last = read(content)
    assert first.draft is None
    assert "Lines 2 to 4" in first.problems[0].detail
    assert last.draft is not None
    assert last.draft.variants[0].price == Money(4000, "EUR")


@pytest.mark.parametrize("rows", ["\n\n", ""])
def test_a_first_row_that_is_broken_describes_no_product(rows: str) -> None:
    content = f"{COLUMNS['shopify']}\na,Mug,Nice, and unquoted{',x' * 12}\na,,1,,Size,S{rows}\n"
    result = read(content.encode())[0]
    assert result.draft is None
    assert "columns" in result.problems[0].detail


@pytest.mark.parametrize("columns", ["Variant SKU,SKU", "SKU,Variant SKU"])
@pytest.mark.parametrize("cells", ["m1,", ",m1", "m1,m2"])
def test_of_two_columns_that_mean_the_same_the_first_with_something_in_it_counts(columns: str, cells: str) -> None:
    (result,) = read(f"Handle,Title,Variant Price,{columns}\na,A,1,{cells}\n".encode())
    assert result.draft is not None
    assert [variant.sku for variant in result.draft.variants] == ["m1"]


@pytest.mark.parametrize(
    ("begins", "ends", "price", "said"),
    [
        ("", "", 1500, None),
        ("", "2099-01-31", 1500, "its end, 2099-02-01"),
        ("2099-01-01", "", 2000, "begins on 2099-01-01"),
        ("", "2020-01-31", 2000, None),
    ],
)
def test_what_a_reduced_price_loses_is_said(begins: str, ends: str, price: int, said: str | None) -> None:
    columns = "Type,SKU,Name,Published,Regular price,Sale price,Date sale price starts,Date sale price ends"
    (result,) = read(f"{columns}\nsimple,s1,A,1,20,15,{begins},{ends}\n".encode())
    assert result.draft is not None
    assert result.draft.variants[0].price == Money(price, "EUR")
    assert [said in problem.detail for problem in result.problems if said] == [True] * bool(said)
    assert bool(result.problems) == bool(said)


def test_a_date_may_begin_with_the_month_where_the_dialect_writes_it_so() -> None:
    assert cells.american_date({"to": "6/30/26"}, "to") == datetime(2026, 6, 30, tzinfo=UTC)
    assert cells.american_date({"to": "2026-06-30"}, "to") == datetime(2026, 6, 30, tzinfo=UTC)
    with pytest.raises(BadCell):
        cells.american_date({"to": "30/6/26"}, "to")


@pytest.mark.parametrize(
    ("text", "unit", "grams"),
    [("0.5 kg", "kg", 500), ("2", "kg", 2000), ("1,5", "kg", 1500), ("500 g", "kg", 500), ("1,500", "g", None)],
)
def test_a_weight_may_name_its_unit(text: str, unit: str, grams: int | None) -> None:
    if grams is not None:
        assert cells.grams({"weight": text}, "weight", unit) == grams
        return
    with pytest.raises(BadCell):
        cells.grams({"weight": text}, "weight", unit)


def test_a_count_may_have_thousands_separators() -> None:
    assert cells.count({"qty": "1,200"}, "qty") == 1200


def test_what_is_packed_is_the_same_in_any_number_of_members() -> None:
    content = table("Handle,Title,Variant Price", [["a", "A", "1"], ["b", "B", "1"]])
    packed = gzip.compress(content[:40]) + gzip.compress(content[40:])
    assert read(packed) == read(content)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["p", "P", "1", "", "Size", str(n), *[""] * 6] for n in range(251)], "250 variants"),
        ([["p", "P", "x", *[""] * 9]], "can be sold"),
    ],
)
def test_what_no_product_may_be_is_refused_as_a_whole(rows: list[list[str]], why: str) -> None:
    (result,) = read(table(COLUMNS["shopify"], rows))
    assert result.draft is None
    assert why in result.problems[-1].detail


def test_a_comma_in_the_address_of_an_image_of_a_feed_parts_nothing() -> None:
    sized = "https://res.c.com/w_100,h_100/a.jpg"
    rows = [["1", "Mug", "9 EUR", f"{sized}, https://x.example/b.jpg"]]
    rows.append(["2", "Cup", "9 EUR", f"{sized}\nhttps://x.example/b.jpg,"])
    for result in read(table("id,title,price,additional_image_link,link", [[*row, ""] for row in rows])):
        assert result.draft
        assert result.problems == ()
        assert [image.url for image in result.draft.images] == [sized, "https://x.example/b.jpg"]
