"""Words: what a shopper typed taken apart, and what a title says that its product is. English, Chinese and mixed text.

The engine analyses texts by itself; here is what it has no analyzer for.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

MOST_WORDS = 12
# What the engine makes of them: letters between signs, pairs of Chinese characters.
_MOST_TOKENS = 30

# Scripts that are written without spaces: kana, CJK ideographs, Hangul.
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
# These take as long to compile as a small module to load, so it is left to whoever first needs them; re keeps them.
_IS_CJK = f"[{_CJK}]"
_PIECES = rf"[{_CJK}]+|[^{_CJK}]+"
_EDGES = " \t!\"#$%&'()*,-./:;<=>?@[\\]^_`{|}~·。，、；：？！“”‘’「」『』（）【】《》…—–™®©"
_LETTERS = re.compile(r"[^\W_]+")

# What ends a noun phrase in a title: punctuation, or a dash with a space beside it.
_BREAKS = re.compile(r"[()\[\]{},;:!?|•+\"”“。，、；：？！（）【】《》]|\s[-–—/&]+\s|\s[-–—]|[-–—]\s|\.(?=\s|$)")
_MARKS = re.compile(r"[™®©]")
_SMALL_WORDS = "a an and or the to up your"
_COLOURS = """
beige black blue brown color colour cyan gold gray green grey magenta metallic multicolor multicolour orange pink purple
red silver transparent turquoise violet white yellow
"""
# A noun phrase does not go on over these.
_NO_PART = frozenset((_SMALL_WORDS + _COLOURS).split())
# What follows one of these is something else: a sleeve for a tablet is no tablet.
_FOR = frozenset(
    ("as", "at", "by", "for", "from", "in", "incl", "including", "into", "of", "on", "per", "w", "with", "without")
)
_IRREGULAR = {"mice": "mouse", "men": "man", "women": "woman", "children": "child", "feet": "foot", "teeth": "tooth"}
_LONGEST_TAIL = 3
_LONGEST_SUFFIX = 4


def words(text: str) -> list[str]:
    """The words of a query, lower-case, at most MOST_WORDS of them with 30 tokens in all. A run of Chinese is one
    word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    pieces = (piece.strip(_EDGES) for chunk in folded.split() for piece in re.findall(_PIECES, chunk))
    found: list[str] = []
    room = _MOST_TOKENS
    for piece in pieces:
        if not _LETTERS.search(piece):
            continue
        if len(found) == MOST_WORDS or not room:
            break
        found.append(_cut(piece, room))
        room -= tokens(found[-1])
    return found


def tokens(word: str) -> int:
    """How many the engine makes of a word, for certain no fewer."""
    return len(word) if is_cjk(word) else max(1, len(_LETTERS.findall(word)))


def _cut(word: str, room: int) -> str:
    if is_cjk(word):
        return word[:room]
    ends = [found.end() for found in _LETTERS.finditer(word)]
    return word if len(ends) <= room else word[: ends[room - 1]]


def is_cjk(word: str) -> bool:
    return bool(re.match(_IS_CJK, word))


def singular(word: str) -> str:
    """An English word without its plural's ending, well enough to compare two words: both are put through this."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def name_key(text: str) -> str:
    """What is the same for two spellings of a name: "Note-Books" and "note book" have the key "note book"."""
    pieces = re.findall(_PIECES, unicodedata.normalize("NFKC", text).casefold())
    return " ".join(singular(word) for piece in pieces for word in _LETTERS.findall(piece))


def code_key(text: str) -> str:
    """What is the same for two spellings of a SKU or barcode: letters and digits alone, a barcode's zeros in front
    left out."""
    bare = "".join(_LETTERS.findall(unicodedata.normalize("NFKC", text).casefold()))
    return bare.lstrip("0") if bare.isdigit() else bare


def joined(texts: Iterable[str]) -> list[str]:
    """Every two neighbouring words written as one: "smartwatch" finds "smart watch", "16gb" finds "16 GB"."""
    pairs: dict[str, None] = {}
    for text in texts:
        found = [word for word in _LETTERS.findall(unicodedata.normalize("NFKC", text).casefold()) if not is_cjk(word)]
        written = (first + second for first, second in pairwise(found))
        pairs |= dict.fromkeys(singular(pair) for pair in written if not pair.isdigit())
    return list(pairs)


def heads(texts: Iterable[str], brand: str = "") -> list[str]:
    """The words that say what a thing is: those at the end of each noun phrase, in the singular, but for its brand.

    "Gel mouse pad, blue, for your desk" is a pad, not a mouse and not a desk. Of Chinese each ending of a phrase
    counts, because nothing says where its last word begins: 羊毛被 ends in 被, 毛被 and 羊毛被.
    """
    no_heads = {singular(word) for word in words(brand)}
    found: dict[str, None] = {}
    for phrase in _phrases(texts):
        last = phrase[-1]
        endings = _suffixes(last) if is_cjk(last) else [singular(last)]
        found |= dict.fromkeys(ending for ending in endings if ending not in no_heads)
    return list(found)


def tails(texts: Iterable[str]) -> list[str]:
    """The last one, two and three words of each noun phrase: what somebody who begins to type may want to say."""
    found: dict[str, None] = {}
    for phrase in _phrases(texts):
        for count in range(1, min(_LONGEST_TAIL, len(phrase)) + 1):
            found[" ".join(phrase[-count:])] = None
    return list(found)


def head_key(word: str) -> str:
    """A query's word as `heads` would have it."""
    return word if is_cjk(word) else singular(word)


def _phrases(texts: Iterable[str]) -> Iterator[list[str]]:
    """Each run of words up to a break, a small word, a number or a colour; none that another one is for."""
    for text in texts:
        for part in _BREAKS.split(_MARKS.sub(" ", unicodedata.normalize("NFKC", text).casefold())):
            run: list[str] = []
            for word in _parts(part):
                if word in _FOR:
                    break
                if word in _NO_PART or any(char.isdigit() for char in word):
                    if run:
                        yield run
                    run = []
                else:
                    run.append(word)
            if run:
                yield run


def _parts(text: str) -> Iterator[str]:
    for chunk in text.split():
        yield from re.findall(_PIECES, chunk.rpartition("/")[2].strip(_EDGES))


def _suffixes(word: str) -> list[str]:
    return [word[-count:] for count in range(1, min(_LONGEST_SUFFIX, len(word)) + 1)]
