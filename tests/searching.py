"""Looking for products in the shop of tests/inprocess.py."""

import json
import uuid
from typing import Any

from inprocess import CONTEXT, Shop, eur

Json = dict[str, Any]


def follow(shop: Shop, order: int = 1) -> None:
    """Let the search consumer see all catalogue events, in the given direction, twice."""
    from chalicelib.catalog.consumers import catalog_search

    told = [event for event in shop.events() if event["name"].startswith(("Product", "Review"))][::order]
    for event in told * 2:
        assert not shop.consume(catalog_search, {"detail-type": event["name"], "detail": event["detail"]})
    refresh()


def refresh() -> None:
    from chalicelib.catalog.search import search_engine

    search_engine.refresh()


def handles(shop: Shop, query: str) -> list[str]:
    return [card["handle"] for card in shop.guest.get(f"/search?{query}")["data"]]


def changed(shop: Shop, product: Json, **fields: Any) -> None:
    variant = {"sku": product["handle"].upper(), "price": eur(1)}
    body = {"handle": product["handle"], "title": "Cup", "status": "published", "variants": [variant], **fields}
    shop.staff.put(f"/admin/products/{product['id']}", body)


def hide(shop: Shop, product: Json) -> None:
    shop.staff.post(f"/admin/products/{product['id']}/unpublish")


def told(shop: Shop, events: list[Json]) -> list[Json]:
    """Give the search consumer these events as one batch; returns those that it gives back."""
    from chalicelib.catalog.consumers import catalog_search

    messages = {str(uuid.uuid4()): event for event in events}
    records = [
        {"messageId": key, "body": json.dumps(shop.envelope(event)), "receiptHandle": "r"}
        for key, event in messages.items()
    ]
    failures = catalog_search({"Records": records}, CONTEXT)["batchItemFailures"]
    return [messages[failure["itemIdentifier"]] for failure in failures]


def about_products(shop: Shop) -> list[Json]:
    return [event for event in shop.events() if event["name"].startswith("Product")]


def shown(shop: Shop) -> list[str]:
    refresh()
    return sorted(card["title"] for card in shop.guest.get("/search?limit=100")["data"])
