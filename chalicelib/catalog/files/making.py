"""A product that is put together from rows: what is wrong with one of them is noted and does not stop the others."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from chalicelib.catalog.files.cells import BadCell, checked
from chalicelib.catalog.files.reading import Problem, Read
from chalicelib.catalog.product import (
    MOST_OPTIONS,
    MOST_VARIANTS,
    AttributeValue,
    Image,
    ProductDraft,
    VariantDraft,
    sku_for,
    slugify,
)
from chalicelib.core.errors import ShopError

_MOST_IMAGES = 250
_LONGEST_SLUG = 120
_LONGEST_ID = 60
_LONGEST_NAME = 300
_NO_CATEGORY = ("uncategorized", "uncategorised", "default category")


class Making:
    """`line` is where the product's rows begin; `columns` say which column a field of a draft comes from."""

    def __init__(self, line: int, handle: str, columns: Mapping[str, str]) -> None:
        self.line = line
        self.handle = handle
        self.variants: list[VariantDraft] = []
        self.images: list[Image] = []
        self.attributes: dict[str, AttributeValue] = {}
        self.problems: list[Problem] = []
        self._columns = columns
        self._names: dict[str, str] = {}
        self._partial = False

    @contextmanager
    def part(self, line: int, *, sold: bool = False) -> Iterator[None]:
        """Note what is wrong with a part and go on without it; `sold` if the part is a variant."""
        try:
            yield
        except BadCell as bad:
            self.problems.append(Problem(line, str(bad), bad.column))
            self._partial = self._partial or sold

    def note(self, line: int, detail: str, column: str | None = None, *, sold: bool = False) -> None:
        self.problems.append(Problem(line, detail, column))
        self._partial = self._partial or sold

    def vary(self, variant: VariantDraft) -> None:
        """Add a variant unless it is the same thing as another one, to a buyer or to the stock."""
        checked(variant, self._columns)
        for other in self.variants:
            if other.option_values == variant.option_values:
                column = self._columns.get("option_values", "")
                raise BadCell(column, "Another row of this product has the same option values.")
            if other.sku == variant.sku:
                detail = (
                    f"A row further up has the SKU {variant.sku!r} or, without one, would get it. Give each its own."
                )
                raise BadCell(self._columns.get("sku", ""), detail)
        self.variants.append(variant)

    def remark(self, line: int, detail: str | None, column: str) -> None:
        """Say what of a part was not taken over, if anything."""
        if detail is not None:
            self.note(line, detail, column)

    def picture(self, url: str, alt: str = "") -> None:
        if url and all(image.url != url for image in self.images):
            self.images.append(checked(Image(url=url, alt=alt), self._columns))

    def describe(self, name: str, values: Sequence[str]) -> None:
        """Give the product an attribute; one without a value is none."""
        values = [value for value in values if value]
        attribute = slugify(name)[:_LONGEST_ID].strip("-")
        if attribute and values:
            self.attributes[attribute] = values[0] if len(values) == 1 else tuple(values[:50])
            self._names[attribute] = " ".join(name.split())[:_LONGEST_NAME]

    def refused(self, detail: str, column: str | None = None) -> Read:
        """It is no product: none of it comes in."""
        return Read(self.line, self.handle, None, (*self.problems, Problem(self.line, detail, column)))

    def skipped(self, detail: str) -> Read:
        """It is nothing that this shop has."""
        return Read(self.line, self.handle, None, (*self.problems, Problem(self.line, detail)), skipped=True)

    def read(self, draft: ProductDraft, paths: Sequence[Sequence[str]] = (), otherwise: str | None = None) -> Read:
        """The product: `draft` with all that was added, in the deepest of the category paths `paths`.

        `otherwise` is another handle for it, if its own was made of its title.
        """
        if not self.variants:
            return self.refused("No row of this product is a variant that can be sold.")
        if len(draft.options) > MOST_OPTIONS:
            options = ", ".join(draft.options)
            return self.refused(f"A product has at most {MOST_OPTIONS} options; this one has {options}.")
        if len(self.variants) > MOST_VARIANTS:
            return self.refused(f"A product has at most {MOST_VARIANTS} variants; this one has {len(self.variants)}.")
        path, others = _category(paths)
        made = msgspec.structs.replace(
            draft,
            handle=self.handle,
            category=path[-1][0] if path else None,
            tags=tuple(dict.fromkeys([*draft.tags, *others]))[:250],
            variants=tuple(self.variants),
            images=tuple(self.images[:_MOST_IMAGES]),
            attributes=self.attributes,
        )
        try:
            checked(made, self._columns)
        except BadCell as bad:
            return self.refused(str(bad), bad.column)
        return Read(
            self.line,
            self.handle,
            made,
            tuple(self.problems),
            self._partial,
            categories=path,
            attributes=self._names,
            derived=otherwise is not None,
            otherwise=otherwise,
        )


def _category(paths: Sequence[Sequence[str]]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The deepest path, the first of those, with the ids of its categories; and where else the product stands."""
    named = [[name for name in map(str.strip, path) if slugify(name)] for path in paths]
    kept = [path for path in named if path and path[0].lower() not in _NO_CATEGORY]
    if not kept:
        return (), []
    deepest = max(kept, key=len)
    ids = [_path_id(deepest[: level + 1]) for level in range(len(deepest))]
    others = [path[-1][:_LONGEST_NAME] for path in kept if path != deepest[: len(path)]]
    return tuple(zip(ids, (name[:_LONGEST_NAME] for name in deepest), strict=True)), others


def _path_id(path: Sequence[str]) -> str:
    """A category's id holds its whole path: categories of one name stand in several places."""
    slug = slugify(" ".join(path))
    if len(slug) <= _LONGEST_SLUG:
        return slug
    return f"{slug[: _LONGEST_SLUG - 9].strip('-')}-{zlib.crc32(slug.encode()):08x}"


def made_handle(text: str) -> str:
    """A handle made of a text, empty if nothing of it can stand in one."""
    return slugify(text)[:150].strip("-")


def made_sku(base: str, option_values: tuple[str, ...], column: str) -> str:
    """The SKU of a variant that came without one: the same each time that the same file is read."""
    try:
        return sku_for(base, option_values)
    except ShopError as error:
        raise BadCell(column, error.detail) from None
