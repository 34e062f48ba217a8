"""Whatever a client makes of the API document, the deployed shop answers as documented and never with a 5xx."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from machine import ROOT
from schemathesis import checks

DOCUMENT = schemathesis.openapi.from_path(ROOT / "chalicelib" / "admin" / "openapi.json")
OPERATIONS = [result.ok() for result in DOCUMENT.exclude(path_regex="^/admin").get_all_operations()]

# API Gateway answers a method that a path does not have with 404, before any function runs. And OpenAPI can not say
# which of the requests that fit its schema a shop's rules refuse: an address that its country does not have, a cursor
# that no list gave. Both are meant to be so, and both are what these two checks report.
LEFT_OUT = [checks.CHECKS.get_one(name) for name in ("unsupported_method", "positive_data_acceptance")]


def trials() -> list[Any]:
    """Each operation with requests that fit its schema and, where anything in them could be wrong, with others."""
    right, wrong = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
    takes_something = [o for o in OPERATIONS if list(o.body) or list(o.query) or list(o.path_parameters)]
    chosen = [(operation, right) for operation in OPERATIONS] + [(operation, wrong) for operation in takes_something]
    return [pytest.param(operation, mode, id=f"{mode.value} {operation.label}") for operation, mode in chosen]


each_operation = pytest.mark.parametrize(("operation", "mode"), trials())


@each_operation
def test_a_guests_path_keeps_its_promises(running: dict[str, Any], operation: Any, mode: Any) -> None:
    _try(running["api"], operation, mode, 3)


@pytest.mark.slow
@each_operation
def test_a_guests_path_keeps_its_promises_tried_longer(running: dict[str, Any], operation: Any, mode: Any) -> None:
    _try(running["api"], operation, mode, 15)


def _try(api: str, operation: Any, mode: Any, examples: int) -> None:
    made = operation.as_strategy(generation_mode=mode)

    @given(case=made)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_documented(case: Any) -> None:
        case.call_and_validate(base_url=api, excluded_checks=LEFT_OUT)

    answers_as_documented()
