"""Which routes an API function loads when it starts, and which with the first request that wants them."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from importlib import import_module

from chalicelib.core import rooms
from chalicelib.core.settings import MODULES
from infra.package import ROOT

# One program for each question, since what is loaded stays loaded.
_ASK = """
import json, sys
from app import app
asked = {"requestContext": {"resourcePath": sys.argv[1], "httpMethod": "GET"}, "multiValueQueryStringParameters": None,
         "headers": {}, "pathParameters": {"order_id": "ord_1"}, "stageVariables": None, "body": None,
         "isBase64Encoded": False}
before = sorted(app.routes)
app(asked, None)
loaded = sorted(name for name in sys.modules if name.startswith("chalicelib.orders"))
print(json.dumps([before, sorted(app.routes), loaded]))
"""


def _asked(path: str) -> tuple[list[str], list[str], list[str]]:
    """The paths that the orders' function knows before and after a request for `path`, and what it has loaded."""
    environment = {**os.environ, "MODULES": "orders"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, path], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    before, after, loaded = json.loads(done.stdout.splitlines()[-1])
    return before, after, loaded


def test_a_function_starts_with_what_most_buyers_want_alone() -> None:
    before, after, loaded = _asked("/orders/{order_id}")
    assert "/carts/{cart_id}/checkout" in before
    assert before == after
    assert not {"chalicelib.orders.admin_routes", "chalicelib.orders.returns.returns"} & set(loaded)


def test_a_room_opens_with_the_first_request_for_one_of_its_paths() -> None:
    before, after, loaded = _asked("/admin/orders/{order_id}")
    assert "/admin/orders/{order_id}" not in before
    assert "/admin/orders/{order_id}" in after
    assert "chalicelib.orders.promotion_routes" not in loaded


def test_a_path_of_a_room_that_opens_later_has_all_its_methods_there() -> None:
    homes = defaultdict(set)
    for module in MODULES:
        first, later = rooms.of(module)
        for room in (*first, *later):
            for operation in import_module(room).routes.operations:
                homes[operation.path].add(room if room in later else "what is open")
    assert {path: where for path, where in homes.items() if len(where) > 1} == {}
