"""Looking for products in the shop of tests/inprocess.py."""

from inprocess import Shop


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
