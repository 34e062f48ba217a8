import re

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.catalog import product
from chalicelib.catalog.product import ProductDraft, Slug, VariantDraft
from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money

SLUG = re.compile(r"[^\W_]+(-[^\W_]+)*")

words = st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12)
prices = st.integers(0, 10**9)


def variant(sku: str, *values: str, **changes: object) -> VariantDraft:
    return msgspec.structs.replace(VariantDraft(sku, Money(1990, "EUR"), values), **changes)


def draft(*variants: VariantDraft, **changes: object) -> ProductDraft:
    return msgspec.structs.replace(ProductDraft("shirt", "Shirt", variants, options=("Size",)), **changes)


def place_refused(refused: ProductDraft) -> str | None:
    with pytest.raises(ShopError) as refusal:
        product.check(refused, "EUR")
    assert (refusal.value.code, refusal.value.status) == ("invalid_field", 422)
    return refusal.value.pointer


def decoded(**changes: object) -> ProductDraft:
    body = {"handle": "shirt", "title": "Shirt", "variants": [{"sku": "A", "price": {"amount": 1, "currency": "EUR"}}]}
    return msgspec.json.decode(msgspec.json.encode(body | changes), type=ProductDraft)


def decoded_variant(**changes: object) -> ProductDraft:
    return decoded(variants=[{"sku": "A", "price": {"amount": 1, "currency": "EUR"}} | changes])


def test_a_shirt_in_two_sizes_is_a_product():
    product.check(draft(variant("S-1", "S"), variant("M-1", "M", compare_at=Money(2990, "EUR"))), "EUR")


def test_a_product_without_options_has_one_variant():
    product.check(draft(variant("S-1"), options=()), "EUR")
    assert place_refused(draft(variant("S-1"), variant("S-2"), options=())) == "/variants/1/option_values"


def test_a_second_variant_with_the_same_sku_is_refused():
    assert place_refused(draft(variant("S-1", "S"), variant("M-1", "M"), variant("S-1", "L"))) == "/variants/2/sku"


def test_a_second_variant_with_the_same_option_values_is_refused():
    assert place_refused(draft(variant("S-1", "S"), variant("S-2", "S"))) == "/variants/1/option_values"


def test_what_the_product_repeats_of_its_variants_counts_for_its_size():
    texts = {f"x{letter}": product.Translation("t", "x" * 49_000) for letter in "abcd"}
    values = [tuple(f"{n:03}{name}".ljust(300, "x") for name in "abc") for n in range(250)]
    many = tuple(variant(f"S{n}", *chosen) for n, chosen in enumerate(values))
    options = ("A", "B", "C")
    product.check(draft(*many, options=options), "EUR")
    product.check(draft(*many[:1], options=options, translations=texts), "EUR")
    assert place_refused(draft(*many, options=options, translations=texts)) == "/variants"


@pytest.mark.parametrize("values", [(), ("S", "Red")])
def test_a_variant_has_one_value_for_each_option(values):
    assert place_refused(draft(variant("M-1", "M"), variant("S-1", *values))) == "/variants/1/option_values"


def test_two_options_of_one_name_are_refused():
    assert place_refused(draft(variant("S-1", "S", "S"), options=("Size", "Size"))) == "/options"


@pytest.mark.parametrize("handle", ["Shirt", "shirT", "Étoile"])
def test_a_handle_in_upper_case_is_refused(handle):
    assert place_refused(draft(variant("S-1", "S"), handle=handle)) == "/handle"


def test_a_price_in_another_currency_is_refused():
    dollars = variant("S-1", "S", price=Money(1990, "USD"))
    assert place_refused(draft(variant("M-1", "M"), dollars)) == "/variants/1/price/currency"


def test_an_earlier_price_in_another_currency_is_refused():
    dollars = variant("S-1", "S", compare_at=Money(2990, "USD"))
    assert place_refused(draft(dollars)) == "/variants/0/compare_at/currency"


@given(st.permutations([variant("A", "S"), variant("B", "M"), variant("C", "L"), variant("B", "XL")]))
def test_the_variant_that_comes_second_is_the_one_at_fault(variants):
    second = [place for place, one in enumerate(variants) if one.sku == "B"][1]
    assert place_refused(draft(*variants)) == f"/variants/{second}/sku"


@pytest.mark.parametrize(
    "handle", ["shirt", "a", "7", "ocean-blue-shirt", "snow_board", "a--b", "集市", "t恤-2", "été"]
)
def test_handles_are_slugs_in_any_script(handle):
    product.check(decoded(handle=handle), "EUR")


@pytest.mark.parametrize("handle", ["", "-", "-a", "a-", "a b", "a/b", "a.b", "a#b", "a?b", "a\nb", "a" * 201])
def test_what_is_no_slug_is_no_handle(handle):
    with pytest.raises(msgspec.ValidationError, match="handle"):
        decoded(handle=handle)


@pytest.mark.parametrize("sku", ["A", "a b", "SH/1#2", "衬衫-红", "x" * 100, "'1"])
def test_a_sku_is_whatever_fits_on_a_label(sku):
    assert decoded_variant(sku=sku).variants[0].sku == sku


@pytest.mark.parametrize("sku", ["", " ", " A", "A ", "A\tB", "A\nB", "A\x00", "\x1fA", "x" * 101])
def test_a_sku_has_no_blank_ends_and_no_control_characters(sku):
    with pytest.raises(msgspec.ValidationError, match="sku"):
        decoded_variant(sku=sku)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"variants": []},
        {"options": ["Size", "Colour", "Cut", "Fit"]},
        {"images": [{"url": "javascript:alert(1)"}]},
        {"category": "Tees & Tops"},
        {"translations": {"Chinese": {"title": "衬衫"}}},
        {"colour": "red"},
    ],
)
def test_a_product_that_is_not_one_is_refused(changes):
    with pytest.raises(msgspec.ValidationError):
        decoded(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": {"amount": -1, "currency": "EUR"}},
        {"weight_grams": -1},
        {"stock": {"main": -1}},
        {"option_values": [""]},
        {"image": "shirt.jpg"},
        {"cost": 1},
    ],
)
def test_a_variant_that_is_not_one_is_refused(changes):
    with pytest.raises(msgspec.ValidationError):
        decoded_variant(**changes)


def test_a_product_has_at_most_250_variants():
    variants = [{"sku": f"S-{n}", "price": {"amount": 1, "currency": "EUR"}} for n in range(251)]
    assert len(decoded(variants=variants[:250]).variants) == 250
    with pytest.raises(msgspec.ValidationError):
        decoded(variants=variants)


@given(words, st.lists(words, max_size=3).map(tuple))
def test_a_missing_sku_gets_the_same_name_each_time_and_that_name_is_a_sku(handle, values):
    sku = product.sku_for(handle, values)
    assert sku == product.sku_for(handle, values)
    assert decoded_variant(sku=sku).variants[0].sku == sku


@given(words, words, words)
def test_different_option_values_get_different_skus(handle, one, other):
    assume(product.slugify(one) != product.slugify(other))
    assert product.sku_for(handle, (one,)) != product.sku_for(handle, (other,))


@pytest.mark.parametrize(
    ("values", "sku"),
    [((), "shirt"), (("Red", "M"), "shirt-red-m"), (("Dark Blue",), "shirt-dark-blue"), (("红色",), "shirt-红色")],
)
def test_a_missing_sku_is_made_of_handle_and_option_values(values, sku):
    assert product.sku_for("shirt", values) == sku


def test_a_missing_sku_that_would_be_too_long_is_refused():
    assert len(product.sku_for("h" * 98, ("s",))) == 100
    with pytest.raises(ShopError, match="too long") as refused:
        product.sku_for("h" * 99, ("s",))
    assert refused.value.status == 422


@given(st.text(max_size=40))
def test_a_slug_is_lower_case_words_with_dashes_or_nothing(text):
    slug = product.slugify(text)
    assert not slug or SLUG.fullmatch(slug)
    assert slug == slug.lower()


@given(st.text(max_size=40))
def test_the_slug_of_a_slug_is_itself(text):
    assert product.slugify(product.slugify(text)) == product.slugify(text)


@given(st.text(max_size=40).map(product.slugify).filter(bool))
def test_a_slug_can_name_a_category(slug):
    assert msgspec.convert(slug, Slug) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Tees & Tops", "tees-tops"), ("  T恤 / 上衣 ", "t恤-上衣"), ("snow_board", "snow-board"), ("!?", "")],
)
def test_slugs_keep_the_letters_of_any_script(text, slug):
    assert product.slugify(text) == slug


@given(st.lists(prices, min_size=1, max_size=10))
def test_a_product_costs_from_its_cheapest_variant(amounts):
    variants = tuple(variant(f"S-{n}", price=Money(amount, "EUR")) for n, amount in enumerate(amounts))
    assert product.cheapest(variants) == min(amounts)


@pytest.mark.parametrize(("kind", "text"), [(product.Handle, "shirt"), (product.Sku, "A"), (product.Slug, "tea")])
def test_a_line_break_at_the_end_makes_no_second_name(kind: type, text: str) -> None:
    assert msgspec.convert(text, kind) == text
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(f"{text}\n", kind)
