"""The Chalice app: all modules in one place, or the one that a function serves (MODULES, set by infra/package.py)."""

import gc
from importlib import import_module
from typing import Any

from chalice.app import Chalice, CORSConfig

from chalicelib.core import rooms
from chalicelib.core.settings import settings


class Shop(Chalice):
    """A Chalice app that opens a room of `later` once a path is asked for that no open room has."""

    def __init__(self) -> None:
        super().__init__("jishi", configure_logs=False)
        self.later: list[str] = []

    def open(self, room: str) -> None:
        self.register_blueprint(import_module(room).routes)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        path = event.get("requestContext", {}).get("resourcePath")
        while self.later and path not in self.routes:
            self.open(self.later[0])
            del self.later[0]
        return dict(super().__call__(event, context))


app = Shop()
app.api.cors = CORSConfig(
    allow_origin="*",
    allow_headers=["Authorization", "Cart-Token", "Content-Type", "Idempotency-Key", "If-None-Match", "Order-Token"],
    expose_headers=["ETag", "Retry-After"],
    max_age=600,
)

# What is loaded now stays: nothing of it is garbage, now or at any later time that Python looks for some.
gc.disable()
for _module in settings.modules:
    _first, _rare = rooms.of(_module)
    if not settings.http_only:
        _first, _rare = _first + _rare, []
    for _room in _first:
        app.open(_room)
    app.later += _rare
    # Consumers and the like are functions of their own, which never import this file.
    for _room in () if settings.http_only else rooms.existing(_module, rooms.OTHERS):
        app.register_blueprint(getattr(import_module(_room), _room.rpartition(".")[2]))
gc.freeze()
gc.enable()
