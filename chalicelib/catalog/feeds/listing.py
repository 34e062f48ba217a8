"""A product as the web outside is told of it: what JSON-LD and Google's feed both say, each in its own words."""

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from chalicelib.catalog.product import AttributeValue, Dimensions
from chalicelib.core.money import Money

Trait = Literal["color", "size", "material", "pattern"]
TRAITS: tuple[Trait, ...] = ("color", "size", "material", "pattern")
# What shops call the options that Google and schema.org know.
_CALLED: dict[str, Trait] = {
    name: trait
    for trait, names in {
        TRAITS[0]: "color colour farbe couleur colore kleur 颜色 顏色",
        TRAITS[1]: "size größe grösse taille talla taglia maat 尺码 尺寸 尺碼",
        TRAITS[2]: "material matière materiale materiaal 材质 材料 材質",
        TRAITS[3]: "pattern muster motif motivo patroon 图案 圖案",
    }.items()
    for name in names.split()
}
CONDITIONS = ("new", "refurbished", "used")


class Storefront(msgspec.Struct, frozen=True):
    """Where customers see the shop: paths with a place for {handle} and {category}, below a prefix with {locale} where
    they are read in translation. Without `category_path` categories have no pages."""

    url: str
    product_path: str
    category_path: str = ""
    locale_prefix: str = ""

    def page(self, handle: str, locale: str | None = None, sku: str | None = None) -> str:
        """The address of a product's page, with one of its variants chosen if `sku` says which."""
        path = self._below(locale) + self.product_path.replace("{handle}", quote(handle, safe=""))
        return path if sku is None else f"{path}{'&' if '?' in path else '?'}sku={quote(sku, safe='')}"

    def category(self, category_id: str, locale: str | None = None) -> str | None:
        if not self.category_path:
            return None
        return self._below(locale) + self.category_path.replace("{category}", quote(category_id, safe=""))

    @property
    def speaks(self) -> bool:
        """Whether translations have addresses of their own."""
        return bool(self.locale_prefix)

    def _below(self, locale: str | None) -> str:
        return self.url + (self.locale_prefix.replace("{locale}", quote(locale, safe="")) if locale else "")


class Offer(msgspec.Struct, frozen=True):
    """A variant that can be bought. `title` tells it from the product's others; `compare_at` is more than `price`."""

    sku: str
    title: str
    url: str | None
    price: Money
    compare_at: Money | None = None
    gtin: str | None = None
    image: str | None = None
    traits: dict[Trait, str] = {}
    weight_grams: int = 0
    dimensions: Dimensions | None = None
    digital: bool = False
    components: dict[str, int] = {}


class Listing(msgspec.Struct, frozen=True):
    """A product in one language. `locale` is that of the translation, None if these are the product's own words.

    `description` is text without HTML. `grouped`: it has several variants, even where not all of them are offered.
    """

    id: str
    title: str
    description: str
    url: str | None
    locale: str | None
    brand: str | None
    images: tuple[str, ...]
    attributes: dict[str, AttributeValue]
    varies_by: tuple[Trait, ...]
    grouped: bool
    offers: tuple[Offer, ...]

    @property
    def mpn(self) -> str | None:
        """The manufacturer's own number; variants would each have another one."""
        return None if self.grouped else text(self.attributes, "mpn")

    @property
    def condition(self) -> str:
        said = (text(self.attributes, "condition") or "").lower()
        return said if said in CONDITIONS else CONDITIONS[0]


def trait(option: str) -> Trait | None:
    """What an option of this name says of a variant, if it is one of those that everybody knows."""
    return _CALLED.get(option.strip().lower())


def traits(options: Sequence[str], values: Sequence[str], attributes: Mapping[str, AttributeValue]) -> dict[Trait, str]:
    """What is known of a variant's color and the like: by its options, else by the product's attributes."""
    chosen = {found: value for option, value in zip(options, values, strict=False) if (found := trait(option))}
    general = {name: value for name in TRAITS if (value := text(attributes, name)) is not None}
    return general | chosen


def text(attributes: Mapping[str, AttributeValue], name: str) -> str | None:
    """An attribute as text, several values separated by slashes; None if the product has none of that name."""
    value = attributes.get(name)
    if value is None or isinstance(value, bool):
        return None
    return "/".join(value) if isinstance(value, tuple | list) else str(value)


def reduced_from(before: Money | None, price: Money) -> Money | None:
    """The price that `price` is less than, where there is one in the same currency."""
    return before if before and before.currency == price.currency and before.amount > price.amount else None


def variant_title(title: str, values: Sequence[str]) -> str:
    return f"{title} - {' / '.join(values)}" if values else title
