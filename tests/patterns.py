"""Which events a rule of EventBridge matches, as far as the shop's rules go."""

import json
from collections.abc import Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], name: str, detail: Mapping[str, Any]) -> bool:
    """Whether a rule with this pattern sends on the event."""
    if "$or" in pattern:
        assert pattern.keys() == {"$or"}, pattern
        return any(matches(part, name, detail) for part in pattern["$or"])
    assert pattern.keys() <= {"detail-type", "detail"}, f"nobody here knows how to match {pattern}"
    fields = pattern.get("detail", {})
    return name in pattern["detail-type"] and all(_may_be(detail, field, fields[field]) for field in fields)


def _may_be(detail: Mapping[str, Any], field: str, wanted: list[Any]) -> bool:
    if field not in detail:
        return {"exists": False} in wanted
    return detail[field] in wanted


def normal(pattern: Any) -> Any:
    """The pattern with what stands in no order in the same one."""
    if isinstance(pattern, Mapping):
        return {key: normal(value) for key, value in pattern.items()}
    return sorted(map(normal, pattern), key=_as_text) if isinstance(pattern, list) else pattern


def _as_text(part: Any) -> str:
    return json.dumps(part, sort_keys=True)
