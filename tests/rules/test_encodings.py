"""In which encoding a file's text is taken to be, however little of it shows that."""

import codecs
import gzip

import pytest

from chalicelib.catalog.files import dialects, encodings
from chalicelib.core.errors import ShopError

PLAIN = "Handle,Title,Variant Price\n" + "".join(f"cup-{n},Plain cup {n},12.00\n" for n in range(30))
WESTERN = [
    "Tasse émaillée",
    "Blåbär",
    "Smørrebrød",
    "Niño",
    "Größe",
    "Öl",
    "MAÇÃ INFORMAÇÕES",
    "Ångström ÅÄÖ",
    "às vezes",
]
WESTERN += ["“Café”", "40°C", "L’été", "12 €", "CRÊPIÈRE"]
CHINESE = [
    "茶杯",
    "碗",
    "蓝色陶瓷茶杯",
    "T恤衫 USB充电器",
    "iPhone手机壳",
    "黑色T恤",
    "青花瓷盘【景德镇】",
    "藍色陶瓷茶杯",
]
KOREAN = ["머그컵", "겨울", "파란색 도자기 머그컵", "똠방각하 펩시콜라"]


def encoding_of(content: bytes) -> str:
    return encodings.layout_of(content, True)[0].encoding


@pytest.mark.parametrize("before", ["", PLAIN])
@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        *((title, "cp1252") for title in WESTERN),
        *((title, "gb18030") for title in CHINESE),
        *((title, "cp949") for title in KOREAN),
        *(("藍色陶瓷茶杯", "big5"), ("青いマグカップ", "cp932"), ("青いマグカップ", "euc_jp")),
        *(("Синяя кружка", "cp1251"), ("КРУЖКА", "cp1251"), ("Żółty kubek, łyżka", "cp1250")),
    ],
)
def test_one_title_is_enough(before: str, title: str, encoding: str) -> None:
    line = f"a,{title},9\n"
    content = (before + line).encode(encoding)
    assert content.decode(encoding_of(content)) == before + line


def test_a_text_that_is_cut_within_a_character_is_in_the_encoding_that_it_was_in() -> None:
    content = ("蓝色陶瓷茶杯,竹制筷子\n" * 9000).encode("gb18030")
    assert encodings.layout_of(content[:100_001], False)[0].encoding == "gb18030"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_utf_32_is_refused_by_its_name(mark: bytes, packed: type[bytes]) -> None:
    content = mark + PLAIN.encode("utf-32-le" if mark == codecs.BOM_UTF32_LE else "utf-32-be")
    with pytest.raises(ShopError, match="UTF-32"):
        dialects.recognise(packed(content), True)
