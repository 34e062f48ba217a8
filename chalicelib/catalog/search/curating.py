"""What staff say of search: words that mean the same, and results that they put first or leave out.

Both are read once a minute and count when somebody searches, so a change needs no new index.
"""

import msgspec

from chalicelib.catalog.search import curation as rules
from chalicelib.catalog.search import search_tables as tables
from chalicelib.catalog.search import synonyms as synonym_rules
from chalicelib.catalog.search.curation import CurationDraft
from chalicelib.catalog.search.search_tables import KeptCuration, KeptSynonyms
from chalicelib.catalog.search.synonyms import SynonymDraft, Synonyms
from chalicelib.catalog.tables import product_ref
from chalicelib.core import audit, cache, dynamo
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.staff import Staff

# All of them are read whole, by every function that searches.
_MOST_GROUPS = 1_000
_MOST_CURATIONS = 500


class _Said(msgspec.Struct, frozen=True):
    synonyms: Synonyms
    curations: dict[str, CurationDraft]


def _read() -> _Said:
    groups, curations = tables.kept()
    own = {item.id: item.content for item in groups}
    return _Said(
        synonym_rules.gathered(synonym_rules.with_defaults(own).values()),
        rules.by_query(item.content for item in curations),
    )


_kept = cache.for_a_minute(_read)


def synonyms() -> Synonyms:
    """What words may be read as; up to a minute old."""
    return _kept().synonyms


def of(query: str) -> CurationDraft:
    """What staff want to be found for a query; nothing in particular if they have not said."""
    return _kept().curations.get(rules.key(query), rules.NONE)


def groups() -> dict[str, SynonymDraft]:
    """All groups of synonyms by id, those that the shop comes with among them, as they are this moment."""
    return synonym_rules.with_defaults({item.id: item.content for item in tables.kept()[0]})


def group(group_id: str) -> SynonymDraft:
    item = dynamo.get(KeptSynonyms, **tables.synonyms_key(group_id))
    if item is None and group_id not in synonym_rules.DEFAULTS:
        raise not_found("group of synonyms")
    return item.content if item else synonym_rules.DEFAULTS[group_id]


def put_group(group_id: str, draft: SynonymDraft, by: Staff) -> SynonymDraft:
    """Say which words mean the same. The same again changes nothing."""
    synonym_rules.check(draft, group_id)
    kept = {item.id: item.content for item in tables.kept()[0]}
    if kept.get(group_id) == draft:
        return draft
    if group_id not in kept and len(kept) >= _MOST_GROUPS:
        raise ShopError("too_many_synonyms", 422, f"A shop has at most {_MOST_GROUPS} groups of synonyms of its own.")
    item = KeptSynonyms(**tables.synonyms_key(group_id), id=group_id, content=draft)
    entry = audit.entry(by, "synonyms.put", group_id, terms=", ".join(draft.terms)[:1_000], only_from=draft.only_from)
    dynamo.transaction([dynamo.put(item), entry])
    cache.forget()
    return draft


def delete_group(group_id: str, by: Staff) -> None:
    """Forget what staff said; a group that the shop comes with is as it came again. 404 if there was nothing."""
    item = KeptSynonyms(**tables.synonyms_key(group_id))
    gone = dynamo.delete(item, KeptSynonyms.pk.exists(), not_found("group of synonyms"))
    dynamo.transaction([gone, audit.entry(by, "synonyms.deleted", group_id)])
    cache.forget()


def curations() -> dict[str, CurationDraft]:
    """All curations by id, as they are this moment."""
    return {item.id: item.content for item in tables.kept()[1]}


def curation(curation_id: str) -> CurationDraft:
    item = dynamo.get(KeptCuration, **tables.curation_key(curation_id))
    if item is None:
        raise not_found("curation")
    return item.content


def put_curation(curation_id: str, draft: CurationDraft, by: Staff) -> CurationDraft:
    """Say what is found first, or not at all, for certain queries. The same again changes nothing."""
    rules.check(draft)
    _check_products(draft)
    known = curations()
    if known.get(curation_id) == draft:
        return draft
    others = rules.by_query(other for name, other in known.items() if name != curation_id)
    for place, query in enumerate(draft.queries):
        if rules.key(query) in others:
            raise invalid(f"/queries/{place}", "There is another curation for this query.")
    if curation_id not in known and len(known) >= _MOST_CURATIONS:
        raise ShopError("too_many_curations", 422, f"A shop has at most {_MOST_CURATIONS} curations.")
    item = KeptCuration(**tables.curation_key(curation_id), id=curation_id, content=draft)
    facts: dict[str, audit.Fact] = {"queries": ", ".join(draft.queries)[:1_000]}
    facts |= {"pinned": " ".join(draft.pinned), "hidden": " ".join(draft.hidden)}
    dynamo.transaction([dynamo.put(item), audit.entry(by, "curation.put", curation_id, **facts)])
    cache.forget()
    return draft


def delete_curation(curation_id: str, by: Staff) -> None:
    """Let search alone find what is found for these queries. 404 if there is no such curation."""
    item = KeptCuration(**tables.curation_key(curation_id))
    gone = dynamo.delete(item, KeptCuration.pk.exists(), not_found("curation"))
    dynamo.transaction([gone, audit.entry(by, "curation.deleted", curation_id)])
    cache.forget()


def _check_products(draft: CurationDraft) -> None:
    found = dynamo.load(product_ref(each) for each in (*draft.pinned, *draft.hidden))
    for name, ids in (("pinned", draft.pinned), ("hidden", draft.hidden)):
        for place, product_id in enumerate(ids):
            if product_ref(product_id) not in found:
                raise invalid(f"/{name}/{place}", "There is no such product.")
