"""Asking the shop's own search, as its route does."""


def ask(text: str, limit: int = 20) -> list[str]:
    """Handles of what the shop's search finds, best first."""
    from chalicelib.catalog.search import searching
    from chalicelib.catalog.search.search_schemas import Search

    found = searching.search_products(Search(q=text, limit=limit))
    return [source["card"]["handle"] for source in found.sources]
