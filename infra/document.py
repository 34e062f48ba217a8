"""Write what is generated from the code: the OpenAPI document that the API serves, docs/events.md, docs/api.md's paths.

python -m infra.document [--check]
"""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from chalicelib.core import rooms
from infra.package import API_MODULES, ROOT, load_app

if TYPE_CHECKING:  # it reads a function's environment, which load_app sets
    from chalicelib.core.operation import Operation

VERSION = "0.1.0"
OPENAPI = ROOT / "chalicelib" / "admin" / "openapi.json"
EVENTS = ROOT / "docs" / "events.md"
API = ROOT / "docs" / "api.md"
# Between these two lines of docs/api.md stand the paths.
_BEGIN, _END = "<!-- paths: written by `make docs` from the routes -->", "<!-- end of paths -->"


def openapi() -> str:
    """The API document of all modules' routes."""
    load_app()
    from chalicelib.core.openapi import document

    operations = [operation for module in API_MODULES for operation in _operations(module)]
    return json.dumps(document(operations, "Jishi", VERSION), indent=1, ensure_ascii=False) + "\n"


def paths() -> str:
    """docs/api.md with a table of each module's paths: who may ask, what the answer is, what it is for."""
    load_app()
    before, rest = API.read_text().split(_BEGIN)
    _, after = rest.split(_END)
    lines = [_BEGIN]
    for module in API_MODULES:
        lines += ["", f"### {module}", "", "| path | who | success | | purpose |", "|---|---|---|---|---|"]
        lines += map(_row, sorted(_operations(module), key=_door))
    return before + "\n".join([*lines, "", _END]) + after


def _operations(module: str) -> list["Operation"]:
    found = rooms.existing(module, (*rooms.BUYERS, *rooms.STAFFS))
    return [operation for room in found for operation in import_module(room).routes.operations]


def _door(operation: "Operation") -> tuple[int, str]:
    """Guests' paths first, then customers', then staff's."""
    first = operation.path.split("/")[1]
    return {"me": 1, "admin": 2}.get(first, 0), operation.path


def _row(operation: "Operation") -> str:
    path = f"`{operation.method} {operation.path}`"
    marks = ["key"] * operation.takes_key + ["ETag"] * operation.has_etag
    purpose = " ".join(operation.summary.split()).partition(". ")[0].removesuffix(".")
    return f"| {path} | {_who(operation)} | {operation.status} | {', '.join(marks)} | {purpose} |"


def _who(operation: "Operation") -> str:
    if operation.permission is not None:
        return f"staff: `{operation.permission}`"
    if operation.path.startswith("/webhooks/"):
        return "the provider, by its signature"
    customer = ["customer"] * operation.for_customers
    headers = [header if required else f"({header})" for header, required in operation.headers.items()]
    return ", ".join([*customer, *headers]) or "anyone"


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
    for path, text in ((OPENAPI, openapi()), (EVENTS, events()), (API, paths())):
        if not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(text)
    if check and stale:
        raise SystemExit(f"not what the code says any more, run `make docs`: {', '.join(stale)}")


if __name__ == "__main__":
    main("--check" in sys.argv)
