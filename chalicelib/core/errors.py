"""One kind of error for everything that a shop refuses to do."""

import re

import msgspec


class ShopError(Exception):
    """A refusal that the caller can understand and act on; web.py turns it into RFC 9457 problem+json.

    `code` is stable and machine-readable, `status` the HTTP status, `detail` one sentence for a person.
    `pointer` is the RFC 6901 pointer of the field at fault, if one is. `extra` holds further members of the problem.
    """

    def __init__(
        self, code: str, status: int, detail: str, *, pointer: str | None = None, extra: dict[str, object] | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.pointer = pointer
        self.extra = extra or {}


def not_found(what: str) -> ShopError:
    """404: there is no such thing, or the caller may not know that there is."""
    return ShopError("not_found", 404, f"There is no such {what}.")


def invalid(pointer: str, detail: str) -> ShopError:
    """422: the field at `pointer` can not be accepted."""
    return ShopError("invalid_field", 422, detail, pointer=pointer)


def busy() -> ShopError:
    """503: too many callers wanted the same thing at once; nothing was changed, try again."""
    return ShopError("busy", 503, "Too many requests for the same item at once. Nothing was changed; try again.")


def moved(location: str) -> ShopError:
    """301: what was asked for is at `location` now, which may be relative to the path that was asked."""
    return ShopError("moved", 301, "This has another address now.", extra={"location": location})


def place_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """What msgspec says is wrong, and the RFC 6901 pointer of where: "Expected `int` - at `$.items[0].quantity`".

    Of what is wrong with a key or a value of a mapping it does not say which one it is: "at `key` in `$.stock`",
    "at `$.stock[...]`". Then the mapping is named.
    """
    detail, _, place = str(error).partition(" - at `")
    place = place.rpartition("$")[2].partition("[...]")[0]
    steps = re.findall(r"\.?([^.\[\]`]+)", place)
    if missing := re.search(r"(?:required|unknown) field `(.+?)`", detail):
        steps.append(missing[1])
    return detail, "".join("/" + pointer_part(step) for step in steps)


def pointer_part(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")
