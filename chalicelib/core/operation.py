"""What a route promises, read from its view's own parameters."""

import re
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from chalicelib.core.staff import Permission

# The header in which a guest's secret comes, by the name of the parameter that wants it, or wants whoever opens it.
SECRETS = {"cart_token": "Cart-Token", "order_token": "Order-Token"}
VISITORS = {"shopper": "Cart-Token", "buyer": "Order-Token"}


class Elsewhere(msgspec.Struct, frozen=True):
    """The answer of a view whose answer is at another address for a while."""

    location: str


class Operation(msgspec.Struct, frozen=True):
    """What one route promises; openapi.py writes the API document from these."""

    method: str
    path: str
    name: str
    summary: str
    status: int
    permission: Permission | None
    for_customers: bool
    path_types: dict[str, Any]
    headers: dict[str, bool]  # whether each of them is required
    takes_key: bool
    body: Any
    query: Any
    answer: Any
    cache: str | None

    @property
    def has_etag(self) -> bool:
        """Whether clients can ask if what they have is still good."""
        return self.cache is not None and self.answer is not Elsewhere

    @property
    def for_staff(self) -> bool:
        """Whether only staff are let in: those who have the permission."""
        return self.permission is not None


def customers_twin(operation: Operation) -> Operation:
    """The customer's twin of a guest's operation: their token stands for the guest's secret."""
    module, _, name = operation.name.partition(".")
    return msgspec.structs.replace(
        operation,
        name=f"{module}.my_{name}",
        for_customers=True,
        headers={header: needed for header, needed in operation.headers.items() if header not in VISITORS.values()},
    )


def parameters_of(view: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a view's parameters. inspect knows them too, and takes a tenth of a cold start to say so."""
    code = view.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def operation_of(
    view: Callable[..., Any],
    method: str,
    path: str,
    status: int,
    permission: Permission | None,
    for_customers: bool,
    cache: str | None,
) -> Operation:
    """The operation that `view` is, by its signature; the view's module is its file's folder."""
    hints = typing.get_type_hints(view, include_extras=True)
    names = parameters_of(view)
    module = view.__module__.split(".")[1]
    answer = hints.get("return")
    return Operation(
        method=method,
        path=path,
        name=f"{module}.{view.__name__}",
        summary=view.__doc__ or view.__name__,
        status=302 if answer is Elsewhere else status,
        permission=permission,
        for_customers=for_customers,
        path_types={name: hints[name] for name in re.findall(r"{(\w+)}", path)},
        headers={
            **{SECRETS[name]: hints[name] is str for name in names if name in SECRETS},
            **{VISITORS[name]: True for name in names if name in VISITORS},
        },
        takes_key="once" in names,
        body=hints.get("body"),
        query=hints.get("query"),
        answer=answer,
        cache=cache,
    )
