"""The shop's own file: a JSON object a line. What is exported is read back as it was.

A line is a product, as staff send it; one that says another `kind` defines something that products refer to: an
attribute, a category, a price list, a collection, or the products that were chosen for one.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.catalog.files.reading import Definition, Numbered, Problem, Read, Shop
from chalicelib.catalog.pricing.price_lists import PriceListDraft
from chalicelib.catalog.product import AttributeId, Handle, ProductDraft, Slug
from chalicelib.catalog.sorting.taxonomy import AttributeDraft, CategoryDraft, CollectionDraft
from chalicelib.core.errors import place_of

NAME = "jsonl"
# A line is a row of one column that has no name.
LINE = ""
_PRODUCT = "product"


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The handles of the products that were put into a collection, in its order."""

    products: Annotated[tuple[Handle, ...], Meta(max_length=10_000)]


class _Product(ProductDraft, frozen=True, kw_only=True, tag=_PRODUCT, tag_field="kind"):
    """A product's line, which may name its kind."""


class _Attribute(AttributeDraft, frozen=True, kw_only=True, tag="attribute", tag_field="kind"):
    id: AttributeId


class _Category(CategoryDraft, frozen=True, kw_only=True, tag="category", tag_field="kind"):
    id: Slug


class _PriceList(PriceListDraft, frozen=True, kw_only=True, tag="price_list", tag_field="kind"):
    id: Slug


class _Collection(CollectionDraft, frozen=True, kw_only=True, tag="collection", tag_field="kind"):
    id: Slug


class _Chosen(Chosen, frozen=True, kw_only=True, tag="chosen", tag_field="kind"):
    id: Slug


class _Line(msgspec.Struct, frozen=True):
    kind: str = _PRODUCT
    handle: object = ""
    id: object = ""


_LINES: dict[str, tuple[type[Any], type[Any]]] = {
    _PRODUCT: (_Product, ProductDraft),
    "attribute": (_Attribute, AttributeDraft),
    "category": (_Category, CategoryDraft),
    "price_list": (_PriceList, PriceListDraft),
    "collection": (_Collection, CollectionDraft),
    "chosen": (_Chosen, Chosen),
}


def recognises(header: Sequence[str]) -> bool:
    """It has no columns."""
    return False


def reads(column: str) -> bool:
    """A field that is not known costs its line."""
    return True


def key(numbered: Numbered) -> str:
    """Each line stands for itself."""
    return ""


def read(group: list[Numbered], shop: Shop) -> Read:
    numbered = group[0]
    text = numbered.row.get(LINE, "")
    if numbered.fault:
        return Read(numbered.line, "", None, (Problem(numbered.line, numbered.fault),))
    name = ""
    try:
        line = msgspec.json.decode(text, type=_Line)
        name = _name(line)
        if line.kind not in _LINES:
            raise msgspec.ValidationError(f"Lines of the kind {line.kind[:60]!r} are not known - at `$.kind`")
        content, identity = _content(line.kind, text)
    except msgspec.ValidationError as error:
        detail, place = place_of(error)
        return Read(numbered.line, name, None, (Problem(numbered.line, f"{detail}.", place or None),))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Read(numbered.line, name, None, (Problem(numbered.line, f"This is not JSON: {error}."),))
    if isinstance(content, ProductDraft):
        return Read(numbered.line, content.handle, content)
    return Read(numbered.line, name, None, definition=Definition(line.kind, identity, content))


def written(draft: ProductDraft | Definition) -> bytes:
    """The line that is read as `draft`."""
    if isinstance(draft, ProductDraft):
        return msgspec.json.encode(_bare(msgspec.to_builtins(draft))) + b"\n"
    content = _bare(msgspec.to_builtins(draft.content))
    return msgspec.json.encode({"kind": draft.kind, "id": draft.id, **content}) + b"\n"


def _name(line: _Line) -> str:
    """By what a line is called in the report, and what may not come twice."""
    name = line.handle if line.kind == _PRODUCT else f"{line.kind}/{line.id}"
    return name if isinstance(name, str) else ""


def _content(kind: str, text: str) -> tuple[Any, str]:
    """What a line holds, without what only a line has, and its id."""
    of_line, plain = _LINES[kind]
    line = msgspec.json.decode(text, type=of_line)
    fields = (field.name for field in msgspec.structs.fields(plain))
    return plain(**{name: getattr(line, name) for name in fields}), getattr(line, "id", "")


def _bare(content: dict[str, Any]) -> dict[str, Any]:
    """Without an empty `seo`: msgspec leaves out a default of a Struct's type only if it is the very same object."""
    for words in (content, *content.get("translations", {}).values()):
        if words.get("seo") == {}:
            del words["seo"]
    return content
