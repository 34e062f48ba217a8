"""Listings as tests need them."""

from typing import Any

from hypothesis import strategies as st

from chalicelib.catalog.feeds import listing as rules
from chalicelib.catalog.feeds.listing import Listing, Offer
from chalicelib.core.money import Money

PAGE = "https://shop.example/products/shirt"


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


def offer(sku: str = "SHIRT", **fields: Any) -> Offer:
    known: dict[str, Any] = {"title": "Shirt", "url": PAGE, "price": euros(1990)}
    return Offer(sku=sku, **(known | fields))


def listing(*offers: Offer, **fields: Any) -> Listing:
    known: dict[str, Any] = {
        "id": "prd_1",
        "title": "Shirt",
        "description": "A soft shirt.",
        "url": PAGE,
        "locale": None,
        "brand": "Weaver",
        "images": ("https://img.example/1.jpg",),
        "attributes": {},
        "varies_by": (),
        "grouped": len(offers) > 1,
        "offers": offers or (offer(),),
    }
    return Listing(**(known | fields))


texts = st.text(max_size=400)
moneys = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
offers = st.builds(
    Offer,
    sku=st.text(min_size=1, max_size=100),
    title=texts,
    url=st.none() | st.just(PAGE),
    price=moneys,
    compare_at=st.none() | moneys,
    gtin=st.none() | st.just("4006381333931"),
    image=st.none() | st.just("https://img.example/é x.jpg"),
    traits=st.dictionaries(st.sampled_from(rules.TRAITS), texts),
    weight_grams=st.integers(0, 10**7),
)
anything = st.builds(
    Listing,
    id=st.just("prd_1"),
    title=texts,
    description=texts,
    url=st.none() | st.just(PAGE),
    locale=st.none() | st.just("zh"),
    brand=st.none() | texts,
    images=st.lists(st.sampled_from([f"https://img.example/{n}.jpg" for n in range(20)]), max_size=20).map(tuple),
    attributes=st.dictionaries(
        st.sampled_from(["mpn", "condition", "google_product_category", "gender", "color"]),
        texts | st.booleans() | st.integers() | st.lists(texts).map(tuple),
    ),
    varies_by=st.just(()),
    grouped=st.booleans(),
    offers=st.lists(offers, max_size=3).map(tuple),
)
