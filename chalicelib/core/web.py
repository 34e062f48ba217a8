"""HTTP: a typed function in, JSON out; every refusal becomes RFC 9457 problem+json.

A view declares what it needs by the names and types of its parameters:
path parameters by name; `body`, `query`: msgspec Structs; `cart_token`, `order_token`: the guest's secret from its
header, which may be missing where the parameter may be None; `once`: the caller's Idempotency-Key; `staff`, `customer`:
who is asking; `shopper`, `buyer`: a Visitor, who owns a cart or an order as guest or as customer; `network`: the
network address that the request came from, None where nobody knows; `webhook`: what a provider sent, as it came.

A view with `me=` answers on two paths: the guest's, with a secret in a header, and the customer's, behind the
customers' authorizer. What only one of them has (an id in the path, the `customer`) has a default for the other.
"""

import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Request, Response

from chalicelib.core import conditional, log
from chalicelib.core.errors import ShopError
from chalicelib.core.operation import Elsewhere as Elsewhere
from chalicelib.core.operation import Operation as Operation
from chalicelib.core.operation import customers_twin, operation_of, parameters_of
from chalicelib.core.request import Webhook as Webhook
from chalicelib.core.request import arguments_for
from chalicelib.core.staff import Permission
from chalicelib.core.visitor import Customer as Customer
from chalicelib.core.visitor import Visitor as Visitor

# infra/package.py puts the pools' ARNs in these places.
STAFF_POOL_ARN = "arn:aws:cognito-idp:::userpool/staff"
staff_authorizer = CognitoUserPoolAuthorizer("staff", provider_arns=[STAFF_POOL_ARN])
CUSTOMER_POOL_ARN = "arn:aws:cognito-idp:::userpool/customers"
customer_authorizer = CognitoUserPoolAuthorizer("customers", provider_arns=[CUSTOMER_POOL_ARN])

# What is not there is asked for again and again by whoever follows an old link; a CDN can answer most of them. Short,
# because it may be there in a moment.
_NOT_FOUND = "public, max-age=10"

V = TypeVar("V", bound=Callable[..., Any])


class UndeclaredPermission(Exception):
    """A staff route was declared without saying what it needs."""


class Routes(Blueprint):
    """A Blueprint whose views are typed functions."""

    for_staff = False
    for_customers = False

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []

    def get(
        self, path: str, *, me: str | None = None, cache: str | None = None, permission: Permission | None = None
    ) -> Callable[[V], V]:
        """`cache` is a Cache-Control value for answers that are the same for everyone; they get an ETag too."""
        return self._declare("GET", path, me, 200, permission, cache)

    def post(
        self, path: str, *, me: str | None = None, status: int = 200, permission: Permission | None = None
    ) -> Callable[[V], V]:
        return self._declare("POST", path, me, status, permission)

    def put(self, path: str, *, me: str | None = None, permission: Permission | None = None) -> Callable[[V], V]:
        return self._declare("PUT", path, me, 200, permission)

    def patch(self, path: str, *, me: str | None = None, permission: Permission | None = None) -> Callable[[V], V]:
        return self._declare("PATCH", path, me, 200, permission)

    def delete(self, path: str, *, me: str | None = None, permission: Permission | None = None) -> Callable[[V], V]:
        return self._declare("DELETE", path, me, 200, permission)

    def _declare(
        self,
        method: str,
        path: str,
        me: str | None,
        status: int,
        permission: Permission | None,
        cache: str | None = None,
    ) -> Callable[[V], V]:
        if self.for_staff != (permission is not None):
            raise UndeclaredPermission(f"{method} {path}: a staff route needs a permission, and only a staff route.")

        def register(view: V) -> V:
            def operation_on(path: str) -> Operation:
                return operation_of(view, method, path, status, permission, self.for_customers, cache)

            self._register(operation_on(path), view)
            if me is not None:
                self._register(customers_twin(operation_on(me)), view)
            return view

        return register

    def _register(self, operation: Operation, view: Callable[..., Any]) -> None:
        self.operations.append(operation)
        self.route(
            operation.path,
            methods=[operation.method],
            name=operation.name,
            content_types=["*/*"],  # _body() answers a wrong one with a problem; Chalice would not
            authorizer=_authorizer(operation),
        )(_handler(self, operation, view))


class StaffRoutes(Routes):
    """Routes that API Gateway opens only to a valid token of the staff pool, each for staff with its `permission`."""

    for_staff = True


class CustomerRoutes(Routes):
    """Routes that API Gateway opens only to a valid token of the customers' pool."""

    for_customers = True


def _authorizer(operation: Operation) -> CognitoUserPoolAuthorizer | None:
    if operation.for_staff:
        return staff_authorizer
    return customer_authorizer if operation.for_customers else None


def _handler(routes: Routes, operation: Operation, view: Callable[..., Any]) -> Callable[..., Response]:
    wanted = frozenset(parameters_of(view))

    def handler(**path: str) -> Response:
        started = time.perf_counter()
        request: Request = routes.current_request
        try:
            arguments = arguments_for(operation, wanted, request, path)
            response = _success(operation, request, view(**arguments))
        except ShopError as error:
            response = problem(error, for_everyone=operation.cache is not None)
        except Exception:
            log.write("error", route=operation.name, traceback=traceback.format_exc())
            response = problem(ShopError("internal_error", 500, "Something went wrong on our side."))
        log.write(
            "request", route=operation.name, path=request.path, status=response.status_code, ms=_ms_since(started)
        )
        return response

    handler.__name__ = operation.name.partition(".")[2]
    return handler


def _success(operation: Operation, request: Request, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Elsewhere):
        return Response("", {"Location": answer.location, "Cache-Control": operation.cache or "no-store"}, 302)
    body = b"" if answer is None else _json(answer)
    headers = {"Content-Type": "application/json"}
    if operation.cache is None:
        headers["Cache-Control"] = "no-store"
        return Response(body.decode(), headers, operation.status)
    # No Vary: what is the same for everyone depends on path and query alone, and CORS says `*` to every origin.
    validators = {"Cache-Control": operation.cache, "ETag": conditional.etag(body)}
    if conditional.is_known(validators["ETag"], request.headers.get("If-None-Match")):
        return Response("", validators, 304)
    return Response(body.decode(), headers | validators, operation.status)


def _json(answer: Any) -> bytes:
    """JSON that a page may hold as it is: a `<` can only stand in a text, and there could end a script element."""
    return msgspec.json.encode(answer).replace(b"<", b"\\u003c")


def problem(error: ShopError, *, for_everyone: bool = False) -> Response:
    """RFC 9457 problem+json. `code` is stable, `pointer` (RFC 6901) names the field at fault, if one is.

    `for_everyone`: what was asked for is the same for everyone, so that it is not there may be kept for a moment.
    """
    members: dict[str, Any] = {"status": error.status, "code": error.code, "detail": error.detail}
    if error.pointer is not None:
        members["pointer"] = error.pointer
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if error.status == 301:
        headers["Location"] = str(error.extra["location"])
        headers["Cache-Control"] = "public, max-age=60"
    if error.status == 404 and for_everyone:
        headers["Cache-Control"] = _NOT_FOUND
    if error.status == 401:
        headers["WWW-Authenticate"] = "Token"
    if error.status == 503:
        headers["Retry-After"] = "5"
    return Response(_json({**members, **error.extra}).decode(), headers, error.status)


def _ms_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
