"""The rooms of a module that Chalice has to know. Who looks for all routes of the shop finds their files here."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

# A module with many routes has several files of a kind.
BUYERS = ("routes", "my_routes", "cart_routes")
STAFFS = ("admin_routes", "settings_routes", "return_routes", "promotion_routes")
OTHERS = ("consumers", "schedules", "console")


def existing(module: str, rooms: Iterable[str]) -> Iterator[str]:
    """The dotted names of those of `rooms` that the module has."""
    names = (f"chalicelib.{module}.{room}" for room in rooms)
    return (name for name in names if find_spec(name))
