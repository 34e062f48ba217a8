"""Write what is generated from the code: the OpenAPI document that the API serves, and docs/events.md.

python -m infra.document [--check]
"""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from infra.package import API_MODULES, ROOT, load_app

VERSION = "0.1.0"
OPENAPI = ROOT / "chalicelib" / "admin" / "openapi.json"
EVENTS = ROOT / "docs" / "events.md"


def openapi() -> str:
    """The API document of all modules' routes."""
    load_app()
    from chalicelib.core.openapi import document

    rooms = [
        f"chalicelib.{module}.{room}" for module in API_MODULES for room in ("routes", "my_routes", "admin_routes")
    ]
    operations = [o for room in rooms if find_spec(room) for o in import_module(room).routes.operations]
    return json.dumps(document(operations, "Jishi", VERSION), indent=1, ensure_ascii=False) + "\n"


def events() -> str:
    """A table of every event: who tells it, who listens, what is in it."""
    load_app()
    import msgspec

    from chalicelib.core.events import Event, source

    listeners: dict[str, list[str]] = {}
    for module in API_MODULES:
        if find_spec(f"chalicelib.{module}.consumers"):
            room = import_module(f"chalicelib.{module}.consumers").consumers
            for queue, names in getattr(room, "handled", {}).items():
                for name in names:
                    listeners.setdefault(name, []).append(queue)
    common = {field.name for field in msgspec.structs.fields(Event)}
    lines = [
        "# Events",
        "",
        "Written by `make docs` from each module's `events.py` and `consumers.py`. Every event also has `schema`,",
        "`id`, `at`, `aggregate_id` and `aggregate_version`; `chalicelib/core/events.py` says what they mean.",
        "",
        "| event | from | what happened | fields | consumed by |",
        "|---|---|---|---|---|",
    ]
    for kind in sorted(_leaves(Event), key=lambda event: (source(event), event.name())):
        fields = ", ".join(f"`{f.name}`" for f in msgspec.structs.fields(kind) if f.name not in common)
        consumers = ", ".join(f"`{name}`" for name in sorted(listeners.get(kind.name(), []))) or "nobody yet"
        told = " ".join((kind.__doc__ or "").split())
        lines.append(f"| {kind.name()} | {source(kind).removeprefix('jishi.')} | {told} | {fields} | {consumers} |")
    return "\n".join(lines) + "\n"


def _leaves(kind: Any) -> list[Any]:
    below: list[Any] = kind.__subclasses__()
    return [leaf for sub in below for leaf in _leaves(sub)] if below else [kind]


def main(check: bool) -> None:
    stale = []
    for path, text in ((OPENAPI, openapi()), (EVENTS, events())):
        if not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(text)
    if check and stale:
        raise SystemExit(f"not what the code says any more, run `make docs`: {', '.join(stale)}")


if __name__ == "__main__":
    main("--check" in sys.argv)
