"""HTTP: a typed function in, JSON out; every refusal becomes RFC 9457 problem+json.

A view declares what it needs by the names and types of its parameters:
path parameters by name; `body`, `query`: msgspec Structs; `cart_token`, `order_token`: the guest's secret from its
header, which may be missing where the parameter may be None; `once`: the caller's Idempotency-Key; `staff`, `customer`:
who is asking; `shopper`, `buyer`: a Visitor, who owns a cart or an order as guest or as customer; `webhook`: what a
provider sent, as it came.

A view with `me=` answers on two paths: the guest's, with a secret in a header, and the customer's, behind the
customers' authorizer. What only one of them has (an id in the path, the `customer`) has a default for the other.
"""

import hashlib
import inspect
import re
import time
import traceback
import typing
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Request, Response

from chalicelib.core import log
from chalicelib.core.errors import ShopError, invalid
from chalicelib.core.idempotency import Once, once
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.visitor import Customer as Customer
from chalicelib.core.visitor import Visitor as Visitor

# Lambda answers at most 6 MB and takes as much; what a shop's client says in JSON is far smaller.
_LARGEST_BODY = 1_000_000
_LONGEST_PARAMETER = 300
_SECRETS = {"cart_token": "Cart-Token", "order_token": "Order-Token"}
_VISITORS = {"shopper": "Cart-Token", "buyer": "Order-Token"}
# A key guards the answer it repeats, so it must not be one that two people would think of.
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_GROUPS = re.compile(r"[^\[\],\s]+")

# infra/package.py puts the pools' ARNs in these places.
STAFF_POOL_ARN = "arn:aws:cognito-idp:::userpool/staff"
staff_authorizer = CognitoUserPoolAuthorizer("staff", provider_arns=[STAFF_POOL_ARN])
CUSTOMER_POOL_ARN = "arn:aws:cognito-idp:::userpool/customers"
customer_authorizer = CognitoUserPoolAuthorizer("customers", provider_arns=[CUSTOMER_POOL_ARN])

V = TypeVar("V", bound=Callable[..., Any])


class Webhook(msgspec.Struct, frozen=True):
    """What a provider sent, byte for byte: its signature is over exactly this."""

    raw: bytes
    headers: dict[str, str]

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


class Operation(msgspec.Struct, frozen=True):
    """What one route promises; openapi.py writes the API document from these."""

    method: str
    path: str
    name: str
    summary: str
    status: int
    for_staff: bool
    permission: Permission | None
    for_customers: bool
    path_types: dict[str, Any]
    headers: dict[str, bool]  # whether each of them is required
    takes_key: bool
    body: Any
    query: Any
    answer: Any
    cache: str | None


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
            operation = _operation(self, view, method, path, status, permission, cache)
            self._register(operation, view)
            if me is not None:
                self._register(_my(_operation(self, view, method, me, status, permission, cache)), view)
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


def _my(operation: Operation) -> Operation:
    """The customer's twin of a guest's operation: their token stands for the guest's secret."""
    module, _, name = operation.name.partition(".")
    return msgspec.structs.replace(
        operation,
        name=f"{module}.my_{name}",
        for_customers=True,
        headers={header: needed for header, needed in operation.headers.items() if header not in _VISITORS.values()},
    )


def _operation(
    routes: Routes,
    view: Callable[..., Any],
    method: str,
    path: str,
    status: int,
    permission: Permission | None,
    cache: str | None,
) -> Operation:
    hints = typing.get_type_hints(view, include_extras=True)
    names = list(inspect.signature(view).parameters)
    module = view.__module__.split(".")[1]
    return Operation(
        method=method,
        path=path,
        name=f"{module}.{view.__name__}",
        summary=inspect.getdoc(view) or view.__name__,
        status=status,
        for_staff=routes.for_staff,
        permission=permission,
        for_customers=routes.for_customers,
        path_types={name: hints[name] for name in re.findall(r"{(\w+)}", path)},
        headers={
            **{_SECRETS[name]: hints[name] is str for name in names if name in _SECRETS},
            **{_VISITORS[name]: True for name in names if name in _VISITORS},
        },
        takes_key="once" in names,
        body=hints.get("body"),
        query=hints.get("query"),
        answer=hints.get("return"),
        cache=cache,
    )


def _handler(routes: Routes, operation: Operation, view: Callable[..., Any]) -> Callable[..., Response]:
    wanted = frozenset(inspect.signature(view).parameters)

    def handler(**path: str) -> Response:
        started = time.perf_counter()
        request: Request = routes.current_request
        try:
            arguments = _arguments(operation, wanted, request, path)
            response = _success(operation, request, view(**arguments))
        except ShopError as error:
            response = problem(error)
        except Exception:
            log.write("error", route=operation.name, traceback=traceback.format_exc())
            response = problem(ShopError("internal_error", 500, "Something went wrong on our side."))
        log.write(
            "request", route=operation.name, path=request.path, status=response.status_code, ms=_ms_since(started)
        )
        return response

    handler.__name__ = operation.name.partition(".")[2]
    return handler


def _arguments(operation: Operation, wanted: frozenset[str], request: Request, path: dict[str, str]) -> dict[str, Any]:
    arguments = _caller(operation, wanted, request)
    for name, value in path.items():
        arguments[name] = _path_parameter(name, unquote(value), operation.path_types[name])
    for name in wanted & _SECRETS.keys():
        header = _SECRETS[name]
        arguments[name] = _secret(request, header) if operation.headers[header] else request.headers.get(header)
    if "once" in wanted:
        arguments["once"] = _once(request)
    if "query" in wanted:
        arguments["query"] = _query(request, operation.query)
    if "webhook" in wanted:
        headers = {name.lower(): value for name, value in request.headers.items()}
        arguments["webhook"] = Webhook(_raw_body(request), headers)
    if "body" in wanted:
        arguments["body"] = _body(request, operation.body)
    return arguments


def _caller(operation: Operation, wanted: frozenset[str], request: Request) -> dict[str, Any]:
    """Who is asking, under each name that the view has for them."""
    if operation.for_staff:
        staff = _staff(request)
        if operation.permission is None or not staff.may(operation.permission):
            raise ShopError("forbidden", 403, f"This needs the permission {operation.permission}.")
        return {"staff": staff} if "staff" in wanted else {}
    if operation.for_customers:
        customer = _customer(request)
        owner = dict.fromkeys(wanted & _VISITORS.keys(), Visitor(customer=customer.id))
        return {**owner, "customer": customer} if "customer" in wanted else dict(owner)
    return {name: Visitor(secret=_secret(request, _VISITORS[name])) for name in wanted & _VISITORS.keys()}


def _path_parameter(name: str, value: str, kind: Any) -> Any:
    if len(value) > _LONGEST_PARAMETER:
        raise invalid(f"/path/{name}", f"At most {_LONGEST_PARAMETER} characters are possible here.")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid_field(error, f"/path/{name}") from None


def _staff(request: Request) -> Staff:
    claims = _id_claims(request, "Send the id token of a staff login.")
    groups = _GROUPS.findall(claims.get("cognito:groups", ""))
    return Staff(id=claims["sub"], groups=frozenset(groups))


def _customer(request: Request) -> Customer:
    claims = _id_claims(request, "Send the id token of a customer's login.")
    return Customer(id=claims["sub"], email=claims["email"], name=claims.get("name"))


def _id_claims(request: Request, otherwise: str) -> dict[str, str]:
    claims = _claims(request)
    # The authorizer lets access tokens pass as well; only an id token says who somebody is.
    if claims.get("token_use") != "id":
        raise ShopError("unauthorized", 401, otherwise)
    return claims


def _claims(request: Request) -> dict[str, str]:
    claims: dict[str, str] = request.context.get("authorizer", {}).get("claims", {})
    return claims


def _secret(request: Request, header: str) -> str:
    if not (secret := request.headers.get(header)):
        raise ShopError("token_required", 401, f"Send the {header} header.", pointer=f"/headers/{header}")
    return str(secret)


def _once(request: Request) -> Once:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid(
            "/headers/Idempotency-Key", "16 to 255 visible ASCII characters, such as a random UUID, are needed."
        )
    secrets = [request.headers.get(header) or "" for header in _SECRETS.values()]
    # Who logged in is the same caller whatever secrets they send beside their token.
    caller = _claims(request).get("sub") or "\n".join(["", *secrets])
    return once(caller, f"{request.method} {_path(request)}", key, _raw_body(request))


def _path(request: Request) -> str:
    path = request.context["resourcePath"]
    for name, value in (request.uri_params or {}).items():
        path = path.replace(f"{{{name}}}", value)
    return str(path)


def _query(request: Request, kind: Any) -> Any:
    given = dict(request.query_params or {})
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid_field(error, "/query") from None


def _body(request: Request, kind: Any) -> Any:
    raw = _raw_body(request)
    media_type = (request.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ShopError("unsupported_media_type", 415, "Send application/json.")
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _invalid_field(error, "") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ShopError("malformed_json", 400, f"The body is not JSON: {error}.") from None


def _raw_body(request: Request) -> bytes:
    try:
        raw: bytes = request.raw_body
    except ValueError as error:  # half a character, or what is not base64 although the gateway says so
        raise ShopError("malformed_json", 400, f"The body is not UTF-8: {error}.") from None
    if len(raw) > _LARGEST_BODY:
        raise ShopError("too_large", 413, f"A body has at most {_LARGEST_BODY} bytes.")
    return raw


def _invalid_field(error: msgspec.ValidationError, prefix: str) -> ShopError:
    """msgspec ends its message with the place: "Expected `int` - at `$.items[0].quantity`"."""
    detail, _, place = str(error).partition(" - at `$")
    steps = re.findall(r"\.?([^.\[\]`]+)", place)
    if missing := re.search(r"(?:required|unknown) field `(.+?)`", detail):
        steps.append(missing[1])
    pointer = prefix + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return ShopError("invalid_field", 422, f"{detail}.", pointer=pointer)


def _success(operation: Operation, request: Request, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    body = b"" if answer is None else msgspec.json.encode(answer)
    headers = {"Content-Type": "application/json"}
    if operation.cache is None:
        headers["Cache-Control"] = "no-store"
        return Response(body.decode(), headers, operation.status)
    headers["Cache-Control"] = operation.cache
    headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = request.headers.get("If-None-Match", "")
    if headers["ETag"] in known or known.strip() == "*":
        return Response("", headers, 304)
    return Response(body.decode(), headers, operation.status)


def problem(error: ShopError) -> Response:
    """RFC 9457 problem+json. `code` is stable, `pointer` (RFC 6901) names the field at fault, if one is."""
    members: dict[str, Any] = {"status": error.status, "code": error.code, "detail": error.detail}
    if error.pointer is not None:
        members["pointer"] = error.pointer
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Token"
    if error.status == 503:
        headers["Retry-After"] = "5"
    return Response(msgspec.json.encode({**members, **error.extra}).decode(), headers, error.status)


def _ms_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
