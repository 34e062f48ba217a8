"""The Chalice app: all modules in one place, or the one that a function serves (MODULES, set by infra/package.py)."""

from importlib import import_module
from importlib.util import find_spec

from chalice.app import Chalice, CORSConfig

from chalicelib.core.settings import settings

app = Chalice("jishi", configure_logs=False)
app.api.cors = CORSConfig(
    allow_origin="*",
    allow_headers=["Authorization", "Cart-Token", "Content-Type", "Idempotency-Key", "If-None-Match", "Order-Token"],
    expose_headers=["ETag", "Retry-After"],
    max_age=600,
)

# A module's rooms that Chalice has to know: the file, and what its Blueprint is called there.
_ROOMS = {
    "routes": "routes",
    "my_routes": "routes",
    "admin_routes": "routes",
    "consumers": "consumers",
    "schedules": "schedules",
    "console": "console",
}

for _module in settings.modules:
    for _room, _blueprint in _ROOMS.items():
        # Consumers and the like are functions of their own, which never import this file.
        if settings.http_only and _blueprint != "routes":
            continue
        if find_spec(f"chalicelib.{_module}.{_room}"):
            app.register_blueprint(getattr(import_module(f"chalicelib.{_module}.{_room}"), _blueprint))
