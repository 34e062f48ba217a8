"""The shop's own file of products: a JSON object a line, each a ProductDraft. What is exported is read back as it was.

A line may say of what kind it is in `kind`; without it, it is a product.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.catalog.cells import place_of
from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.reading import Numbered, Problem, Read, Shop

NAME = "jsonl"
# A line is a row of one column that has no name.
LINE = ""
PRODUCT = "product"


class _Line(msgspec.Struct, frozen=True):
    kind: str = PRODUCT
    handle: object = ""


class _Product(ProductDraft, frozen=True, tag=PRODUCT, tag_field="kind"):
    """A product's line, which may name its kind."""


_NAMES = tuple(field.name for field in msgspec.structs.fields(ProductDraft))


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
    handle = ""
    try:
        line = msgspec.json.decode(text, type=_Line)
        handle = line.handle if isinstance(line.handle, str) else ""
        if line.kind != PRODUCT:
            raise msgspec.ValidationError(f"Lines of the kind {line.kind[:60]!r} are not known - at `$.kind`")
        product = msgspec.json.decode(text, type=_Product)
    except msgspec.ValidationError as error:
        detail, place = place_of(error)
        return Read(numbered.line, handle[:200], None, (Problem(numbered.line, f"{detail}.", place or None),))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Read(numbered.line, "", None, (Problem(numbered.line, f"This is not JSON: {error}."),))
    draft = ProductDraft(**{name: getattr(product, name) for name in _NAMES})
    return Read(numbered.line, draft.handle, draft)
