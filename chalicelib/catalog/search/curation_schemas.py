"""What staff see of synonyms and curated results."""

import msgspec

from chalicelib.catalog.search import curating
from chalicelib.catalog.search.curation import CurationDraft
from chalicelib.catalog.search.synonyms import SynonymDraft


class SynonymsView(SynonymDraft, frozen=True, kw_only=True, forbid_unknown_fields=False, omit_defaults=False):
    id: str


class SynonymsList(msgspec.Struct, frozen=True):
    data: list[SynonymsView]
    next_cursor: str | None


class CurationView(CurationDraft, frozen=True, kw_only=True, forbid_unknown_fields=False, omit_defaults=False):
    id: str


class CurationList(msgspec.Struct, frozen=True):
    data: list[CurationView]
    next_cursor: str | None


def group(group_id: str) -> SynonymsView:
    return SynonymsView(id=group_id, **msgspec.structs.asdict(curating.group(group_id)))


def groups() -> SynonymsList:
    found = sorted(curating.groups().items())
    return SynonymsList([SynonymsView(id=key, **msgspec.structs.asdict(draft)) for key, draft in found], None)


def curation(curation_id: str) -> CurationView:
    return CurationView(id=curation_id, **msgspec.structs.asdict(curating.curation(curation_id)))


def curated() -> CurationList:
    found = sorted(curating.curations().items())
    return CurationList([CurationView(id=key, **msgspec.structs.asdict(draft)) for key, draft in found], None)
