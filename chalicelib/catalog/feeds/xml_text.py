"""Small pieces of XML, written by the standard library's own writer: text is escaped, and holds what XML 1.0 can."""

import io
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from chalicelib.catalog.feeds.plain_text import without_controls

PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>\n'
# An element: its name, what it says, and its attributes.
Element = tuple[str, str | None, Mapping[str, str]]


def element(name: str, text: str | None = None, **attributes: str) -> Element:
    return name, text, attributes


def elements(found: Iterable[Element]) -> bytes:
    """Elements one after the other."""
    out = io.StringIO()
    xml = XMLGenerator(out, "utf-8", short_empty_elements=True)
    for name, text, attributes in found:
        xml.startElement(name, AttributesImpl({key: without_controls(value) for key, value in attributes.items()}))
        if text:
            xml.characters(without_controls(text))
        xml.endElement(name)
    return out.getvalue().encode()


def parent(name: str, children: Iterable[Element]) -> bytes:
    """An element with its children, on a line of its own."""
    return b"<%b>%b</%b>\n" % (name.encode(), elements(children), name.encode())
