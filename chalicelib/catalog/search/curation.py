"""Curated results: what staff put first, or leave out, for certain queries. Pure."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.search.search_words import words
from chalicelib.core.errors import invalid

ProductId = Annotated[str, Meta(pattern=r"^prd_[0-9a-z]{1,60}$(?!\n)")]
Words = Annotated[str, Meta(min_length=1, max_length=200)]


class CurationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """For any of `queries`, however they are capitalised or spaced: `pinned` products stand first, in this order,
    whether they have the words or not; `hidden` ones are not found."""

    queries: Annotated[tuple[Words, ...], Meta(min_length=1, max_length=50)]
    pinned: Annotated[tuple[ProductId, ...], Meta(max_length=20)] = ()
    hidden: Annotated[tuple[ProductId, ...], Meta(max_length=50)] = ()


NONE = CurationDraft(("-",))


def key(query: str) -> str:
    """The same for all ways to type a query."""
    return " ".join(words(query))


def by_query(curations: Iterable[CurationDraft]) -> dict[str, CurationDraft]:
    return {key(query): curation for curation in curations for query in curation.queries}


def check(draft: CurationDraft) -> None:
    """Raise what makes this no curation, by its place."""
    for place, query in enumerate(draft.queries):
        if not key(query):
            raise invalid(f"/queries/{place}", "There are no words in this.")
        if key(query) in map(key, draft.queries[:place]):
            raise invalid(f"/queries/{place}", "This query stands further up.")
    if not draft.pinned and not draft.hidden:
        raise invalid("/pinned", "Nothing is pinned and nothing is hidden.")
    for place, product in enumerate(draft.pinned):
        if product in draft.pinned[:place]:
            raise invalid(f"/pinned/{place}", "This product is pinned already.")
        if product in draft.hidden:
            raise invalid(f"/pinned/{place}", "This product is also hidden.")
