"""Asking the shop's own search, as its route does."""


def ask(text: str, limit: int = 20) -> list[str]:
    """Handles of what the shop's search finds, best first."""
    from chalicelib.catalog import search

    query = search.Query(
        text=text, category=None, price_min=None, price_max=None, sort="relevance", limit=limit, after=None
    )
    return [card["handle"] for card in search.search(query).cards]
