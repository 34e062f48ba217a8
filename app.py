"""The Chalice app: all modules in one place, or the one that a function serves (MODULES, set by infra/package.py)."""

from importlib import import_module

from chalice.app import Chalice, CORSConfig

from chalicelib.core import rooms
from chalicelib.core.settings import settings

app = Chalice("jishi", configure_logs=False)
app.api.cors = CORSConfig(
    allow_origin="*",
    allow_headers=["Authorization", "Cart-Token", "Content-Type", "Idempotency-Key", "If-None-Match", "Order-Token"],
    expose_headers=["ETag", "Retry-After"],
    max_age=600,
)

# Consumers and the like are functions of their own, which never import this file.
_OTHERS = () if settings.http_only else rooms.OTHERS

for _module in settings.modules:
    for _room in rooms.existing(_module, (*rooms.BUYERS, *rooms.STAFFS)):
        app.register_blueprint(import_module(_room).routes)
    for _room in rooms.existing(_module, _OTHERS):
        app.register_blueprint(getattr(import_module(_room), _room.rpartition(".")[2]))
