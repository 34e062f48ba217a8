"""Synonyms: words that mean the same to a shopper, and what a query's words may be read as. Pure.

They count when somebody searches, not when a product is indexed, so a change needs no new index.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.search.search_words import is_cjk, singular, words
from chalicelib.core.errors import invalid

MOST_TERMS = 20
_LONGEST = 4  # words
_MOST_ALSO = 8
Term = Annotated[str, Meta(min_length=1, max_length=100)]


class SynonymDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`terms` mean the same. With `only_from` that term also finds what the terms find, and not the other way round.

    Without any terms, a group that the shop comes with is switched off.
    """

    terms: Annotated[tuple[Term, ...], Meta(max_length=MOST_TERMS)] = ()
    only_from: Term | None = None


class Span(msgspec.Struct, frozen=True):
    """Neighbouring words of a query that mean one thing, and what else it is called."""

    words: tuple[str, ...]
    also: tuple[tuple[str, ...], ...] = ()


Key = tuple[str, ...]


class Synonyms(msgspec.Struct, frozen=True):
    """`also` has for each term, as a key, what else it is called; `cjk` are the terms without spaces, longest first."""

    also: dict[Key, tuple[tuple[str, ...], ...]] = {}
    cjk: tuple[str, ...] = ()

    def spans(self, query: Sequence[str]) -> list[Span]:
        """The query's words taken together where they are a term that has synonyms, the longest first; a run of
        Chinese is cut where such a term begins and ends."""
        taken = [piece for word in query for piece in (self._cut(word) if is_cjk(word) else (word,))]
        spans: list[Span] = []
        while taken:
            length = next((n for n in range(_LONGEST, 0, -1) if _key(taken[:n], n) in self.also), 1)
            key = _key(taken[:length], length) or ()
            spans.append(Span(tuple(taken[:length]), self.also.get(key, ())))
            taken = taken[length:]
        return spans

    def silent(self) -> "Synonyms":
        """The same terms, of which none is called anything else."""
        return Synonyms(dict.fromkeys(self.also, ()), self.cjk)

    def _cut(self, run: str) -> Iterator[str]:
        begun = at = 0
        while at < len(run):
            term = next((term for term in self.cjk if run.startswith(term, at)), None)
            if term is None:
                at += 1
                continue
            if begun < at:
                yield run[begun:at]
            yield term
            begun = at = at + len(term)
        if begun < len(run):
            yield run[begun:]


def check(draft: SynonymDraft, group_id: str) -> None:
    """Raise what makes this no group of synonyms, by its place."""
    if not draft.terms and group_id not in DEFAULTS:
        raise invalid("/terms", "Without terms only a group that the shop comes with can be switched off.")
    if draft.terms and len(draft.terms) + bool(draft.only_from) < 2:
        raise invalid("/terms", "A word alone has no synonyms.")
    for place, term in enumerate(draft.terms):
        _check_term(term, f"/terms/{place}")
    if draft.only_from:
        _check_term(draft.only_from, "/only_from")


def gathered(groups: Iterable[SynonymDraft]) -> Synonyms:
    """All groups as a query is read by them."""
    also: dict[Key, dict[tuple[str, ...], None]] = {}
    for group in groups:
        terms = [term for term in (tuple(words(text)) for text in group.terms) if term]
        begun = tuple(words(group.only_from)) if group.only_from else None
        for term in [begun] if begun else terms:
            others = also.setdefault(_key(term, len(term)) or (), {})
            others |= dict.fromkeys(other for other in terms if other != term)
    found = {key: tuple(others)[:_MOST_ALSO] for key, others in also.items() if key and others}
    runs = (key[0] for key in found if len(key) == 1 and is_cjk(key[0]))
    return Synonyms(found, tuple(sorted(runs, key=len, reverse=True)))


def with_defaults(own: Mapping[str, SynonymDraft]) -> dict[str, SynonymDraft]:
    """The shop's groups by id: those that it comes with, unless staff have put others in their place."""
    return {**DEFAULTS, **own}


def _check_term(term: str, pointer: str) -> None:
    found = words(term)
    if not found:
        raise invalid(pointer, "There are no words in this.")
    if len(found) > _LONGEST:
        raise invalid(pointer, f"A term has at most {_LONGEST} words.")


def _key(taken: Sequence[str], length: int) -> Key | None:
    """The same for singular and plural; None if there are fewer words left."""
    return tuple(map(singular, taken)) if len(taken) == length else None


def _group(*terms: str) -> SynonymDraft:
    return SynonymDraft(terms)


# What shops of any kind sell under more than one name. Staff change and add to it.
DEFAULTS: dict[str, SynonymDraft] = {
    "laptop": _group("laptop", "notebook", "notebook computer"),
    "television": _group("tv", "television", "telly"),
    "mobile-phone": _group("mobile phone", "cell phone", "smartphone", "cellphone"),
    "headphones": _group("headphones", "headset", "earphones"),
    "earbuds": _group("earbuds", "in-ear headphones", "earphones"),
    "hard-drive": _group("hard drive", "hard disk", "hdd", "hard disk drive"),
    "ssd": _group("ssd", "solid state drive"),
    "flash-drive": _group("flash drive", "usb stick", "thumb drive", "pen drive", "usb drive"),
    "memory": _group("ram", "memory module"),
    "video-card": _group("graphics card", "video card", "gpu"),
    "motherboard": _group("motherboard", "mainboard"),
    "cpu": _group("cpu", "processor"),
    "power-bank": _group("power bank", "portable charger"),
    "cord": _group("cord", "cable"),
    "webcam": _group("webcam", "web camera"),
    "camcorder": _group("camcorder", "video camera"),
    "mouse-pad": _group("mouse pad", "mouse mat", "mousepad"),
    "loudspeaker": _group("speaker", "loudspeaker"),
    "wifi": _group("wifi", "wi-fi", "wlan"),
    "fridge": _group("fridge", "refrigerator"),
    "freezer": _group("freezer", "deep freezer"),
    "vacuum-cleaner": _group("vacuum cleaner", "hoover", "vacuum"),
    "coffee-maker": _group("coffee maker", "coffee machine"),
    "cooker": _group("cooker", "stove"),
    "sofa": _group("sofa", "couch", "settee"),
    "wardrobe": _group("wardrobe", "closet"),
    "blanket": _group("blanket", "throw"),
    "duvet": _group("duvet", "comforter", "quilt"),
    "curtain": _group("curtain", "drape"),
    "rug": _group("rug", "carpet"),
    "rubbish-bin": _group("trash can", "rubbish bin", "dustbin", "garbage can"),
    "flashlight": _group("flashlight", "torch"),
    "backpack": _group("backpack", "rucksack"),
    "suitcase": _group("suitcase", "luggage", "trolley case"),
    "trainers": _group("sneakers", "trainers"),
    "jumper": _group("sweater", "jumper", "pullover"),
    "trousers": _group("trousers", "pants"),
    "t-shirt": _group("t-shirt", "tee", "tshirt"),
    "dressing-gown": _group("bathrobe", "dressing gown"),
    "pram": _group("stroller", "pushchair", "pram"),
    "nappy": _group("diaper", "nappy"),
    "bike": _group("bike", "bicycle"),
    "zh-mobile-phone": _group("手机", "移动电话"),
    "zh-laptop": _group("笔记本电脑", "手提电脑", "笔记本"),
    "zh-television": _group("电视", "电视机"),
    "zh-fridge": _group("冰箱", "电冰箱"),
    "zh-headphones": _group("耳机", "耳麦"),
    "zh-flash-drive": _group("优盘", "U盘", "闪存盘"),
    "zh-mouse-pad": _group("鼠标垫", "滑鼠垫"),
    "zh-backpack": _group("双肩包", "背包"),
    "zh-suitcase": _group("行李箱", "拉杆箱", "旅行箱"),
    "zh-bed-set": _group("四件套", "床品套件"),
    "zh-duvet": _group("被子", "棉被"),
    "zh-towel": _group("毛巾", "手巾"),
    "zh-cup": _group("杯子", "水杯"),
    "zh-rubbish-bin": _group("垃圾桶", "垃圾箱"),
    "zh-baby": _group("婴儿", "宝宝", "婴童"),
    "zh-clothes": _group("衣服", "服装", "服饰"),
    "zh-drinking": _group("喝水", "饮水"),
    "zh-slippers": _group("拖鞋", "凉拖"),
    "zh-sweater": _group("毛衣", "针织衫"),
}
