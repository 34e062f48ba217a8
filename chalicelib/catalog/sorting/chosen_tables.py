"""Which products staff put into a collection, in the catalogue's table: COLLECTION#<id> / PRODUCTS.

Carts read it, and nothing else of what products are sorted by.
"""

from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey


class ChosenProducts(CatalogItem, discriminator="chosen_products"):
    """The ids of the products that were put into a collection, in its order."""

    products = JsonAttribute(list[str])

    @property
    def collection(self) -> str:
        return str(self.pk).partition("#")[2]


def chosen_key(collection_id: str) -> PrimaryKey:
    return {"pk": f"COLLECTION#{collection_id}", "sk": "PRODUCTS"}


def chosen_ref(collection_id: str) -> dynamo.Key:
    return (ChosenProducts, f"COLLECTION#{collection_id}", "PRODUCTS")
