import csv
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog import product
from chalicelib.catalog.files import shopify
from chalicelib.catalog.files.cells import Row
from chalicelib.catalog.files.reading import Numbered, Problem, Read, Shop, grouped
from chalicelib.catalog.product import Image, ProductDraft
from chalicelib.core.money import Money

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IMPORTS = Path(__file__).parents[3] / "shared" / "data" / "imports"

SHIRT = {"Handle": "shirt", "Title": "Shirt", "Option1 Name": "Size", "Option1 Value": "S", "Variant Price": "19.90"}
MUG = {
    "Handle": "mug",
    "Title": "Mug",
    "Option1 Name": "Title",
    "Option1 Value": "Default Title",
    "Variant Price": "8",
}

handles = st.sampled_from(["shirt", "Shirt ", "mug", "tea", ""])


def size(value: str, **cells: str) -> Row:
    return {"Handle": "shirt", "Option1 Value": value, "Variant Price": "19.90", **cells}


def picture(url: str, **cells: str) -> Row:
    return {"Handle": "shirt", "Image Src": url, **cells}


def numbered(rows: list[Row]) -> list[Numbered]:
    return [Numbered(line, row) for line, row in enumerate(rows, 2)]


def in_groups(rows: list[Numbered]) -> list[list[Numbered]]:
    return list(grouped(rows, shopify.key))


def read(*rows: Row, currency: str = "EUR") -> Read:
    return shopify.read(numbered(list(rows)), Shop(currency, NOW))


def draft(*rows: Row) -> ProductDraft:
    result = read(*rows)
    assert not result.problems
    assert result.draft is not None
    product.check(result.draft, "EUR")
    return result.draft


def skus(*rows: Row) -> list[str]:
    return [variant.sku for variant in draft(*rows).variants]


def places(result: Read) -> list[tuple[int, str | None]]:
    return [(problem.line, problem.column) for problem in result.problems]


def test_a_shirt_in_three_sizes_is_one_product_with_three_variants():
    shirt = draft(SHIRT, size("M"), size("L", **{"Variant Price": "21.90"}))
    assert (shirt.handle, shirt.title, shirt.options) == ("shirt", "Shirt", ("Size",))
    assert [variant.option_values for variant in shirt.variants] == [("S",), ("M",), ("L",)]
    assert [variant.price for variant in shirt.variants] == [Money(amount, "EUR") for amount in (1990, 1990, 2190)]


def test_a_product_is_read_with_all_that_the_shop_has_a_place_for():
    row = {
        **SHIRT,
        "Body (HTML)": "<p>Linen</p>",
        "Vendor": "Jishi",
        "Type": "Tees & Tops",
        "Tags": "summer, linen,, new ",
        "Variant SKU": "SH-S",
        "Variant Compare At Price": "29.90",
        "Variant Barcode": "4006381333931",
        "Variant Grams": "250",
        "Variant Inventory Qty": "12",
        "Variant Image": "https://img.example/s.jpg",
    }
    shirt = draft(row)
    (variant,) = shirt.variants
    assert (shirt.description, shirt.brand, shirt.category) == ("<p>Linen</p>", "Jishi", "tees-tops")
    assert shirt.tags == ("summer", "linen", "new")
    assert (variant.sku, variant.compare_at, variant.barcode) == ("SH-S", Money(2990, "EUR"), "4006381333931")
    assert (variant.weight_grams, variant.stock, variant.image) == (250, {"": 12}, "https://img.example/s.jpg")


def test_what_a_row_does_not_say_is_left_open():
    mug = draft(MUG)
    assert (mug.description, mug.brand, mug.category, mug.tags, mug.images) == ("", None, None, (), ())
    (variant,) = mug.variants
    assert (variant.compare_at, variant.barcode, variant.image) == (None, None, None)
    assert (variant.weight_grams, variant.stock) == (0, {"": 0})


@given(st.lists(handles, max_size=12))
def test_grouping_loses_no_row_and_keeps_their_order(drawn):
    rows = numbered([{"Handle": handle} for handle in drawn])
    assert [row for group in in_groups(rows) for row in group] == rows


@given(st.lists(handles, max_size=12))
def test_neighbours_are_one_group_exactly_where_they_share_a_handle(drawn):
    groups = in_groups(numbered([{"Handle": handle} for handle in drawn]))
    for group in groups:
        assert len({row.row["Handle"].strip().lower() for row in group}) == 1
    for one, other in pairwise(groups):
        assert not shopify.key(one[0]) or shopify.key(one[0]) != shopify.key(other[0])


def test_rows_without_a_handle_are_no_group():
    assert [len(group) for group in in_groups(numbered([{"Handle": ""}, {}, {"Handle": " "}]))] == [1, 1, 1]


def test_a_handle_that_comes_again_further_down_is_a_group_of_its_own():
    groups = in_groups(numbered([SHIRT, MUG, size("M")]))
    assert [[row.line for row in group] for group in groups] == [[2], [3], [4]]


def test_a_file_without_rows_has_no_groups():
    assert in_groups([]) == []


def test_a_handle_is_made_lower_case():
    assert draft({**SHIRT, "Handle": " Shirt "}, size("M")).handle == "shirt"


def test_a_row_that_holds_only_an_image_is_no_variant():
    shirt = draft(SHIRT, picture("https://img.example/back.jpg", **{"Image Alt Text": "Back"}), size("M"))
    assert len(shirt.variants) == 2
    assert shirt.images == (Image("https://img.example/back.jpg", "Back"),)


def test_images_come_in_the_order_of_their_positions():
    shirt = draft(
        {**SHIRT, "Image Src": "https://img.example/3.jpg", "Image Position": "3"},
        picture("https://img.example/10.jpg", **{"Image Position": "10"}),
        picture("https://img.example/1.jpg", **{"Image Position": "1"}),
        picture("https://img.example/2.jpg", **{"Image Position": "2"}),
    )
    assert [image.url[20:] for image in shirt.images] == ["1.jpg", "2.jpg", "3.jpg", "10.jpg"]


@given(st.permutations([1, 2, 3, 4, 5]))
def test_the_order_of_rows_does_not_matter_to_images_with_positions(positions):
    pictures = [picture(f"https://img.example/{n}.jpg", **{"Image Position": str(n)}) for n in positions]
    assert [image.url[20:] for image in draft(SHIRT, *pictures).images] == [f"{n}.jpg" for n in range(1, 6)]


@pytest.mark.parametrize("position", ["", "x", "-1", "1.5", "２"])
def test_images_without_a_position_come_last_and_stay_in_the_order_of_the_file(position):
    shirt = draft(
        {**SHIRT, "Image Src": "https://img.example/a.jpg", "Image Position": position},
        picture("https://img.example/b.jpg", **{"Image Position": position}),
        picture("https://img.example/first.jpg", **{"Image Position": "1"}),
    )
    assert [image.url[20:] for image in shirt.images] == ["first.jpg", "a.jpg", "b.jpg"]


def test_a_product_that_comes_in_one_form_only_has_no_options():
    mug = draft(MUG)
    assert mug.options == ()
    assert [variant.option_values for variant in mug.variants] == [()]


def test_a_form_that_has_a_name_is_an_option():
    assert draft({**MUG, "Option1 Name": "Edition"}).options == ("Edition",)
    assert draft({**MUG, "Option1 Value": "First"}).options == ("Title",)


def test_three_options_make_three_values():
    row = {**SHIRT, "Option2 Name": "Colour", "Option2 Value": "Red", "Option3 Name": "Cut", "Option3 Value": "Slim"}
    shirt = draft(row, size("M", **{"Option2 Value": "Blue", "Option3 Value": "Wide"}))
    assert shirt.options == ("Size", "Colour", "Cut")
    assert [variant.option_values for variant in shirt.variants] == [("S", "Red", "Slim"), ("M", "Blue", "Wide")]


def test_a_variant_that_lacks_an_option_value_is_left_out():
    row = {**SHIRT, "Option2 Name": "Colour", "Option2 Value": "Red"}
    result = read(row, size("M"), size("L", **{"Option2 Value": "Blue"}))
    assert places(result) == [(3, "Option2 Value")]
    assert [variant.option_values for variant in result.draft.variants] == [("S", "Red"), ("L", "Blue")]


def test_blank_skus_get_the_same_skus_each_time():
    rows = (SHIRT, size("M"), size("Extra Large"))
    assert skus(*rows) == skus(*rows) == ["shirt-s", "shirt-m", "shirt-extra-large"]


def test_a_blank_sku_does_not_depend_on_the_other_rows():
    assert skus(size("M", Title="Shirt", **{"Option1 Name": "Size"}), {**SHIRT, "Title": ""}) == ["shirt-m", "shirt-s"]


def test_the_blank_sku_of_a_product_without_options_is_its_handle():
    assert skus(MUG) == ["mug"]


def test_the_apostrophe_that_spreadsheets_need_is_no_part_of_a_sku_or_barcode():
    (variant,) = draft({**MUG, "Variant SKU": "'0012", "Variant Barcode": "'4006381333931"}).variants
    assert (variant.sku, variant.barcode) == ("0012", "4006381333931")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"Variant Price": ""}, "Variant Price"),
        ({"Variant Price": "cheap"}, "Variant Price"),
        ({"Variant Price": "-1"}, "Variant Price"),
        ({"Variant Price": "19 USD"}, "Variant Price"),
        ({"Variant Price": "19.905"}, "Variant Price"),
        ({"Variant Compare At Price": "was 30"}, "Variant Compare At Price"),
        ({"Variant Grams": "1/2"}, "Variant Grams"),
        ({"Variant Grams": "1,250"}, "Variant Grams"),
        ({"Variant Inventory Qty": "many"}, "Variant Inventory Qty"),
        ({"Variant Inventory Qty": "１２"}, "Variant Inventory Qty"),
        ({"Option1 Value": "", "Variant SKU": "SH-?"}, "Option1 Value"),
        ({"Option1 Value": "x" * 100}, "Variant SKU"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column_and_the_others_come_in(cells, column):
    result = read(SHIRT, size("M") | cells, size("L"))
    assert places(result) == [(3, column)]
    assert [variant.option_values for variant in result.draft.variants] == [("S",), ("L",)]


def test_the_first_row_describes_the_product_even_where_its_variant_is_bad():
    result = read({**SHIRT, "Variant Price": "?"}, size("M"))
    assert places(result) == [(2, "Variant Price")]
    assert (result.draft.title, result.draft.options) == ("Shirt", ("Size",))
    assert [variant.sku for variant in result.draft.variants] == ["shirt-m"]


def test_each_bad_row_is_named():
    result = read(size("S", Title="Shirt", **{"Variant Price": "?"}), size("M"), size("L", **{"Variant Grams": "?"}))
    assert places(result) == [(2, "Variant Price"), (4, "Variant Grams")]


def test_a_product_with_no_good_row_fails_with_all_its_problems():
    result = read({**SHIRT, "Variant Price": "?"}, size("M", **{"Variant Price": ""}))
    assert result.draft is None
    assert places(result) == [(2, "Variant Price"), (3, "Variant Price"), (2, None)]


def test_a_product_with_images_only_fails():
    result = read({"Handle": "shirt", "Title": "Shirt", "Image Src": "https://img.example/1.jpg"})
    assert result.draft is None
    assert result.problems == (Problem(2, "No row of this product is a variant that can be sold."),)


def test_a_product_without_a_title_fails():
    result = read({**SHIRT, "Title": " "}, size("M"))
    assert (result.handle, result.draft, places(result)) == ("shirt", None, [(2, "Title")])


def test_a_row_without_a_handle_fails():
    result = read({**SHIRT, "Handle": ""})
    assert (result.handle, result.draft, places(result)) == ("", None, [(2, "Handle")])


def test_a_handle_that_is_no_slug_fails_the_product():
    result = read({**SHIRT, "Handle": "shirt/blue"})
    assert result.draft is None
    assert result.problems[0].line == 2


@pytest.mark.parametrize(
    ("published", "status", "seen"),
    [
        ("true", "active", True),
        ("TRUE", "Active", True),
        ("yes", "", True),
        ("1", "", True),
        ("true", "", True),
        ("true", "draft", False),
        ("false", "active", False),
        ("false", "", False),
        ("", "active", True),
        ("", "", True),
        ("", "draft", False),
    ],
)
def test_a_product_is_shown_only_if_it_is_published_and_active(published, status, seen):
    assert draft({**SHIRT, "Published": published, "Status": status}).status == ("published" if seen else "draft")


def test_a_file_without_a_status_column_shows_what_is_published():
    assert draft({**SHIRT, "Published": "true"}).status == "published"


@pytest.mark.parametrize(("quantity", "pieces"), [("7", 7), ("0", 0), ("", 0), ("-4", 0), ("3.0", 3), (" 5 ", 5)])
def test_stock_is_counted_at_the_first_location_and_oversold_stock_is_none(quantity, pieces):
    assert draft({**SHIRT, "Variant Inventory Qty": quantity}).variants[0].stock == {"": pieces}


@pytest.mark.parametrize(
    ("written", "grams"), [("250", 250), ("250.0", 250), ("453.59237", 454), ("0.5 kg", 500), ("", 0)]
)
def test_grams_may_be_written_with_decimals_or_in_another_unit(written, grams):
    assert draft({**SHIRT, "Variant Grams": written}).variants[0].weight_grams == grams


def test_a_price_has_the_digits_of_the_shop_s_currency():
    assert read({**MUG, "Variant Price": "800"}, currency="JPY").draft.variants[0].price == Money(800, "JPY")
    assert places(read({**MUG, "Variant Price": "8.50"}, currency="JPY"))[0] == (2, "Variant Price")


@pytest.mark.parametrize(
    ("cells", "category"),
    [
        ({"Type": "Tea"}, "tea"),
        ({"Product Category": "Home & Garden > Kitchen & Dining > Tea Sets"}, "home-garden-kitchen-dining-tea-sets"),
        ({"Type": "Tea", "Product Category": "Food > Drinks"}, "tea"),
        ({"Type": "茶叶"}, "茶叶"),
        ({"Type": "--"}, None),
        ({"Type": "x" * 300}, "x" * 111 + "-1b432d13"),
    ],
)
def test_the_category_is_the_type_or_the_end_of_the_product_category(cells, category):
    assert draft({**SHIRT, **cells}).category == category


def test_chinese_products_keep_their_names():
    tea = draft(
        {
            "Handle": "西湖龙井",
            "Title": "西湖龙井茶",
            "Vendor": "集市",
            "Tags": "绿茶,春茶",
            "Option1 Name": "重量",
            "Option1 Value": "100 克",
            "Variant Price": "128.00",
        },
        {"Handle": "西湖龙井", "Option1 Value": "250 克", "Variant Price": "298.00"},
    )
    assert (tea.handle, tea.title, tea.brand, tea.tags) == ("西湖龙井", "西湖龙井茶", "集市", ("绿茶", "春茶"))
    assert [variant.sku for variant in tea.variants] == ["西湖龙井-100-克", "西湖龙井-250-克"]


@pytest.mark.parametrize("short", [SHIRT | {"Variant SKU": None}, {**SHIRT, "Shade": "unknown column"}])
def test_cells_that_are_missing_and_columns_that_are_unknown_do_no_harm(short):
    assert skus(short) == ["shirt-s"]


def test_a_file_without_the_columns_of_shopify_is_known_by_those_that_are_missing():
    assert shopify.missing_columns(["Handle", "Title", "Variant Price", "Vendor"]) == []
    assert shopify.missing_columns(["id", "Title"]) == ["Handle", "Variant Price"]
    assert shopify.missing_columns([]) == ["Handle", "Title", "Variant Price"]


@pytest.mark.parametrize("name", ["shopify-apparel.csv", "shopify-jewelery.csv"])
def test_every_product_of_a_real_export_reads_without_problems(name):
    if not (IMPORTS / name).exists():
        pytest.skip(f"no ../shared: {IMPORTS / name} is not there")
    with (IMPORTS / name).open(newline="", encoding="utf-8") as file:
        groups = in_groups(numbered(list(csv.DictReader(file))))
    reads = [shopify.read(group, Shop("EUR", NOW)) for group in groups]
    assert len({result.handle for result in reads}) == len(reads) == 20
    assert not [result.problems for result in reads if result.problems]
    for result in reads:
        product.check(result.draft, "EUR")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Variant Grams", "-5"),
        ("Variant Image", "foo.jpg"),
        ("Variant Barcode", "9" * 61),
        ("Variant SKU", "A" * 101),
        ("Variant SKU", "A\tB"),
        ("Variant Inventory Qty", "99999999"),
        ("Image Src", "//cdn.example.com/x.jpg"),
        ("Image Alt Text", "x" * 501),
    ],
)
def test_a_cell_that_no_product_may_have_costs_its_row_and_names_it(column: str, cell: str) -> None:
    other = size("M", **{"Image Src": "https://example.com/m.jpg", column: cell})
    result = read(SHIRT, other)
    assert places(result) == [(3, column)]
    assert result.draft is not None
    assert result.draft.variants[0].option_values == ("S",)


def test_options_keep_their_values_where_a_name_is_missing() -> None:
    row = {**SHIRT, "Option1 Name": "", "Option2 Name": "Colour", "Option2 Value": "Red"}
    assert (draft(row).options, draft(row).variants[0].option_values) == (("Colour",), ("Red",))


def test_of_two_rows_that_are_the_same_thing_the_second_is_named() -> None:
    assert places(read(SHIRT, size("S"))) == [(3, "Option1 Value")]
    assert places(read(SHIRT, size("M", **{"Variant SKU": "shirt-s"}))) == [(3, "Variant SKU")]


def test_a_position_of_any_length_is_read() -> None:
    assert draft(SHIRT, picture("https://example.com/1.jpg", **{"Image Position": "9" * 5000})).images
