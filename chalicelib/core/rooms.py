"""The rooms of a module that Chalice has to know. Who looks for all routes of the shop finds their files here."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

# A module with many routes has several files of a kind.
BUYERS = ("routes", "my_routes", "cart_routes", "aftersales_routes")
STAFFS = (
    "admin_routes",
    "settings_routes",
    "return_routes",
    "promotion_routes",
    "dispute_routes",
    "reconciliation_routes",
)
OTHERS = ("consumers", "schedules", "console")
# What few requests want. All methods of a path are in the same one of these.
_RARE = {"aftersales_routes", *STAFFS}


def existing(module: str, rooms: Iterable[str]) -> Iterator[str]:
    """The dotted names of those of `rooms` that the module has."""
    names = (f"chalicelib.{module}.{room}" for room in rooms)
    return (name for name in names if find_spec(name))


def of(module: str) -> tuple[list[str], list[str]]:
    """The module's rooms with routes: those that a function opens when it starts, and those that few requests want,
    which are opened by the first that does. Where everything is for staff, all are opened at once."""
    found = list(existing(module, (*BUYERS, *STAFFS)))
    first = [room for room in found if room.rpartition(".")[2] not in _RARE]
    return (first, [room for room in found if room not in first]) if first else (found, [])
