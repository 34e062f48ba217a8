"""On which lists, called shelves, a product stands while it is published.

| shelf            | what stands there                                    |
|------------------|------------------------------------------------------|
| @                | everything                                           |
| <category id>    | what is in the category or below it                  |
| +<collection id> | what belongs to the collection by its rule           |
| $<list id>       | what has a price of the price list for one piece     |

A product remembers where it stands, so each change of it is an exact difference. That is also what search is told of
its categories and collections. When a category moves or a rule changes, arranging.py brings products to where they
belong.
"""

from chalicelib.catalog import tables
from chalicelib.catalog.sorting import categories, collections
from chalicelib.catalog.sorting.collection_rule import Facts
from chalicelib.catalog.tables import Product


def arrange(item: Product) -> None:
    """Let a product stand where it belongs as far as this process knows; on no shelf unless it is published."""
    item.tree_version = categories.present().version
    item.shelves = shelves_of(item) if item.published else []


def shelves_of(product: Product) -> list[str]:
    """The names of the shelves on which a published product belongs; the same for the same settings."""
    path = categories.present().tree.path(product.category) if product.category else ()
    rules = collections.applying(_facts(product, path))
    lists = (f"${name}" for name in sorted(product.list_prices_from))
    return [tables.PUBLISHED, *path, *map(collections.shelf, rules), *lists]


def category_path(product: Product) -> list[str]:
    """The ids of the categories in which a published product stands, from the top down."""
    return [shelf for shelf in product.shelves if shelf[0].isalnum()]


def collections_of(product: Product) -> list[str]:
    """The ids of the collections to which a published product belongs by rule, shown or not."""
    return [shelf[1:] for shelf in product.shelves if shelf.startswith("+")]


def _facts(product: Product, path: tuple[str, ...]) -> Facts:
    return Facts(
        tags=tuple(product.tags),
        brand=product.brand,
        titles=(product.title, *(words.title for words in product.translations.values())),
        categories=path,
        price=product.price_from.amount,
        on_sale=bool(product.on_sale),
        attributes=product.attributes,
    )
