"""What clients ask before anything else: whether the shop answers, and how it is spoken to."""

from pathlib import Path

import msgspec

from chalicelib.core.web import Routes

routes = Routes(__name__)
_DOCUMENT = Path(__file__).with_name("openapi.json")


class Health(msgspec.Struct, frozen=True):
    status: str


@routes.get("/health")
def health() -> Health:
    """Whether the API answers."""
    return Health("ok")


@routes.get("/openapi.json", cache="public, max-age=300")
def openapi() -> msgspec.Raw:
    """The OpenAPI 3.1 document of this API."""
    return msgspec.Raw(_DOCUMENT.read_bytes())
