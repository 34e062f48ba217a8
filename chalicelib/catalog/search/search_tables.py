"""What staff say of search, in the catalogue's table.

| what     | pk     | sk            |
|----------|--------|---------------|
| synonyms | SEARCH | SYNONYMS#<id> |
| curation | SEARCH | CURATION#<id> |
"""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.catalog.search.curation import CurationDraft
from chalicelib.catalog.search.synonyms import SynonymDraft
from chalicelib.catalog.tables import CatalogItem
from chalicelib.core import dynamo
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey

KEPT = "SEARCH"


class KeptSynonyms(CatalogItem, discriminator="synonyms"):
    id = UnicodeAttribute()
    content = JsonAttribute(SynonymDraft)


class KeptCuration(CatalogItem, discriminator="curation"):
    id = UnicodeAttribute()
    content = JsonAttribute(CurationDraft)


def synonyms_key(group_id: str) -> PrimaryKey:
    return {"pk": KEPT, "sk": f"SYNONYMS#{group_id}"}


def curation_key(curation_id: str) -> PrimaryKey:
    return {"pk": KEPT, "sk": f"CURATION#{curation_id}"}


def kept() -> tuple[list[KeptSynonyms], list[KeptCuration]]:
    """All that staff have said of search."""
    items = dynamo.collection(CatalogItem, KEPT, consistent=True)
    synonyms = [item for item in items if isinstance(item, KeptSynonyms)]
    return synonyms, [item for item in items if isinstance(item, KeptCuration)]
