from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.sorting.collection_rule import All, Either, Facts, Not, Number, OnSale, Price, Rule, Words
from chalicelib.catalog.sorting.rule_language import parse, text_of
from chalicelib.core.errors import ShopError

SHIRT = Facts(
    tags=("Summer", "linen"),
    brand="Blue Sky",
    titles=("Linen Shirt", "亚麻衬衫"),
    categories=("clothes", "men", "shirts"),
    price=4990,
    on_sale=True,
    attributes={"colour": "Navy", "size": 41.5, "washable": True, "care": ("30°", "iron"), "Fit": "slim", "год": 2026},
)

# --- any rule ---
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)
attribute_ids = st.from_regex(r"[a-zA-Z0-9颜]+([-_.][a-zA-Z0-9]+)?", fullmatch=True)
fields = st.sampled_from(["tag", "brand", "title"]) | attribute_ids.map("attribute.{}".format)
numbers = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", fullmatch=True).map(Decimal)
signs = st.sampled_from(["<", "<=", ">", ">="])
tests = st.one_of(
    st.builds(Words, fields, st.sampled_from(["=", "!=", "contains"]), st.tuples(words)),
    st.builds(Words, fields | st.just("category"), st.just("in"), st.lists(words, min_size=1, max_size=3).map(tuple)),
    st.builds(Price, signs | st.sampled_from(["=", "!="]), st.integers(0, 10**15)),
    st.builds(Number, attribute_ids, signs, numbers),
    st.builds(OnSale, st.booleans()),
)
rules: st.SearchStrategy[Rule] = st.recursive(
    tests,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(All, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Either, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)
values = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.just(10**400), words, st.lists(words, max_size=3).map(tuple)
)
facts = st.builds(
    Facts,
    tags=st.lists(words, max_size=3).map(tuple),
    brand=st.none() | words,
    titles=st.lists(words, min_size=1, max_size=2).map(tuple),
    categories=st.lists(words, max_size=3).map(tuple),
    price=st.integers(0, 10**15),
    on_sale=st.booleans(),
    attributes=st.dictionaries(attribute_ids, values, max_size=3),
)


@given(rules, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_written_down_is_read_as_the_same_rule(rule: Rule, currency: str) -> None:
    assert parse(text_of(rule, currency), currency) == rule


@given(rules, facts)
def test_every_product_belongs_or_does_not(rule: Rule, product: Facts) -> None:
    assert rule.holds(product) is not Not(rule).holds(product)


@given(rules, rules, facts)
def test_and_or_are_what_they_are_in_logic(a: Rule, b: Rule, product: Facts) -> None:
    assert All((a, b)).holds(product) is (a.holds(product) and b.holds(product))
    assert Not(Either((a, b))).holds(product) is All((Not(a), Not(b))).holds(product)


signs_and_words = ["tag", "=", '"x"', "(", ")", "and", "or", "not", "price", "<", "5", "in", ",", "\\", "!", "'"]
pieces = st.lists(st.sampled_from(signs_and_words)).map(" ".join)


@given(st.text(max_size=60) | pieces)
def test_any_text_is_a_rule_or_says_where_it_is_none(text: str) -> None:
    try:
        parse(text, "EUR")
    except ShopError as error:
        refused = error
    else:
        return
    position = refused.extra["position"]
    assert (refused.status, refused.pointer) == (422, "/rule")
    assert isinstance(position, int)
    assert 1 <= position <= len(text) + 1


# --- what a rule means ---
@pytest.mark.parametrize(
    "text",
    [
        "tag = summer and price < 50",
        "tag = SUMMER",
        "tag != winter",
        'brand = "blue sky"',
        'brand in (Kiln, "Blue Sky")',
        "title contains shirt",
        "title contains 衬衫",
        "category = clothes",
        "category = shirts and not category = women",
        "price = 49.9",
        "price <= 49.90 and price >= 49.90 and price != 49.91",
        "on_sale = yes",
        "on_sale != no",
        "attribute.colour = navy",
        "attribute.size = 41.50",
        "attribute.size >= 41.5 and attribute.size < 42",
        "attribute.год > 2025",
        "attribute.washable = yes and attribute.washable != no",
        "attribute.care contains iro",
        "attribute.Fit = slim and attribute.fit != slim",
        'tag = winter or tag = linen and brand = "Blue Sky"',
        "NOT (tag = winter OR price > 50)",
        "attribute.none != blue",
    ],
)
def test_the_shirt_belongs(text: str) -> None:
    assert parse(text, "EUR").holds(SHIRT)


@pytest.mark.parametrize(
    "text",
    [
        "tag = summe",
        "price < 49.90",
        "(tag = winter or tag = linen) and brand = Kiln",
        "attribute.none = blue",
        "attribute.none < 5",
        "attribute.colour > 5",
        "attribute.washable > 0",
        "on_sale = no",
        "category = dresses",
        "title contains 41.50",
    ],
)
def test_the_shirt_does_not_belong(text: str) -> None:
    assert not parse(text, "EUR").holds(SHIRT)


def test_what_has_no_brand_is_of_no_brand() -> None:
    nameless: Any = Facts((), None, ("Mug",), (), 100, False, {})
    assert not parse('brand = ""'.replace('""', '"x"'), "EUR").holds(nameless)
    assert parse("brand != x", "EUR").holds(nameless)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 1, "A field is expected"),
        ("colour = red", 1, "A field is expected"),
        ("tag", 4, "= != in contains"),
        ("tag < 5", 5, "= != in contains"),
        ("tag =", 6, "A value is expected"),
        ("tag = and", 7, "A value is expected"),
        ("tag = a b", 9, "joined"),
        ("tag = a and", 12, "A field is expected"),
        ("(tag = a", 9, "closing parenthesis"),
        ("tag = a)", 8, "joined"),
        ("tag in a", 8, "in parentheses"),
        ("tag in (a b)", 11, "closing parenthesis"),
        ('tag = "a', 7, "double quotes"),
        ("tag = 'a'", 7, "double quotes"),
        ("tag = “a”", 7, "double quotes"),
        ("tag ! a", 5, "No sign"),
        ("price < cheap", 9, "not an amount in EUR"),
        ("price < 1.999", 9, "not an amount in EUR"),
        ("price < -1", 9, "not an amount in EUR"),
        ("price contains 5", 7, "= != < <= > >="),
        ("on_sale = maybe", 11, "Yes or no"),
        ("attribute.size < big", 18, "A number"),
        ("attribute. = 5", 1, "no attribute's id"),
        ("attribute.a/b = 5", 1, "no attribute's id"),
        ("attribute = 5", 1, "A field is expected"),
        ("not " * 21 + "tag = a", 85, "at most 20"),
        ("(" * 1000, 22, "at most 20"),
        (" or ".join(["tag = a"] * 51), 551, "at most 50 tests"),
    ],
)
def test_a_bad_rule_says_where_it_is_bad(text: str, position: int, said: str) -> None:
    with pytest.raises(ShopError) as refused:
        parse(text, "EUR")
    assert (refused.value.code, refused.value.pointer) == ("invalid_rule", "/rule")
    assert refused.value.extra == {"position": position}
    assert said in refused.value.detail
