"""Descriptions without their HTML, for whoever shows or reads no markup."""

import re
from html.parser import HTMLParser

# Where these begin or end, a line does.
_BLOCKS = (
    "address article aside blockquote br center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_LINES = frozenset(_BLOCKS.split())
_SILENT = frozenset(("script", "style", "template", "title"))
# What XML 1.0 can not hold (2.2), and control characters that nobody shows.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain_text(html: str, most: int | None = None) -> str:
    """The text of `html`, a line per block, entities decoded, of at most `most` characters."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return cut(without_controls("\n".join(line for line in lines if line)), most)


def without_controls(text: str) -> str:
    return _CONTROLS.sub("", text)


def cut(text: str, most: int | None) -> str:
    """At most `most` characters of a text; what is too long ends behind a word, and with an ellipsis."""
    if most is None or len(text) <= most:
        return text
    kept = text[: most - 1]
    space = kept.rfind(" ")
    return f"{kept[:space] if space > most // 2 else kept}…"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        self._end_line(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data.replace("\n", " "))

    def _end_line(self, tag: str) -> None:
        if tag in _LINES:
            self.found.append("\n")
