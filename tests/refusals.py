"""What a refused call answers."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.client import Json, Refused


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Json:
    """The problem that `call` is refused with, its status included."""
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return {**refused.value.problem, "status": refused.value.status}
