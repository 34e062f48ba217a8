"""Drafts straight into the engine, without the import, which takes minutes: for trying a ranking."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

Json = dict[str, Any]


@contextmanager
def shop() -> Iterator[None]:
    """A shop whose tables are empty, in this process."""
    from inprocess import Shop
    from moto import mock_aws

    from chalicelib.core import cache

    cache.forget()
    with mock_aws():
        Shop().create_tables()
        yield
    cache.forget()


def index(drafts: Iterable[Json]) -> None:
    from chalicelib.catalog import product_items
    from chalicelib.catalog.product import ProductDraft
    from chalicelib.catalog.search import documents, search_engine

    name = f"{search_engine.ALIAS}-bench"
    search_engine.build(name, documents.INDEX)
    read = (msgspec.convert(draft, ProductDraft) for draft in drafts)
    items = (product_items.product(draft, f"prd_{number}", None) for number, draft in enumerate(read))
    search_engine.fill(documents.written(documents.document(item, None)) for item in items)
    search_engine.show(name)
