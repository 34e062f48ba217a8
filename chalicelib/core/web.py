"""HTTP: a typed function in, JSON out; every refusal becomes RFC 9457 problem+json.

A view declares what it needs by the names and types of its parameters:
path parameters by name; `body`, `query`: msgspec Structs; `cart_token`, `order_token`: the guest's secret from its
header; `once`: the caller's Idempotency-Key; `staff`: who of the staff is asking; `webhook`: the request as it came.
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

# Lambda answers at most 6 MB and takes as much; what a shop's client says in JSON is far smaller.
_LARGEST_BODY = 1_000_000
_LONGEST_PARAMETER = 300
_SECRETS = {"cart_token": "Cart-Token", "order_token": "Order-Token"}
# A key guards the answer it repeats, so it must not be one that two people would think of.
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_GROUPS = re.compile(r"[^\[\],\s]+")

# infra/package.py puts the pool's ARN in this place.
STAFF_POOL_ARN = "arn:aws:cognito-idp:::userpool/staff"
staff_authorizer = CognitoUserPoolAuthorizer("staff", provider_arns=[STAFF_POOL_ARN])

V = TypeVar("V", bound=Callable[..., Any])


class Staff(msgspec.Struct, frozen=True):
    """A member of staff as the verified id token names them: `id` is the token's `sub`, `groups` their roles."""

    id: str
    groups: frozenset[str]


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
    path_types: dict[str, Any]
    headers: tuple[str, ...]
    takes_key: bool
    body: Any
    query: Any
    answer: Any
    cache: str | None


class Routes(Blueprint):
    """A Blueprint whose views are typed functions."""

    for_staff = False

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []

    def get(self, path: str, *, cache: str | None = None) -> Callable[[V], V]:
        """`cache` is a Cache-Control value for answers that are the same for everyone; they get an ETag too."""
        return self._declare("GET", path, 200, cache)

    def post(self, path: str, *, status: int = 200) -> Callable[[V], V]:
        return self._declare("POST", path, status)

    def put(self, path: str) -> Callable[[V], V]:
        return self._declare("PUT", path, 200)

    def patch(self, path: str) -> Callable[[V], V]:
        return self._declare("PATCH", path, 200)

    def delete(self, path: str) -> Callable[[V], V]:
        return self._declare("DELETE", path, 200)

    def _declare(self, method: str, path: str, status: int, cache: str | None = None) -> Callable[[V], V]:
        def register(view: V) -> V:
            operation = _operation(self, view, method, path, status, cache)
            self.operations.append(operation)
            handler = _handler(self, operation, view)
            self.route(
                path,
                methods=[method],
                name=operation.name,
                content_types=["*/*"],  # _body() answers a wrong one with a problem; Chalice would not
                authorizer=staff_authorizer if self.for_staff else None,
            )(handler)
            return view

        return register


class StaffRoutes(Routes):
    """Routes that API Gateway opens only to a valid token of the staff pool."""

    for_staff = True


def _operation(
    routes: Routes, view: Callable[..., Any], method: str, path: str, status: int, cache: str | None
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
        path_types={name: hints[name] for name in re.findall(r"{(\w+)}", path)},
        headers=tuple(_SECRETS[name] for name in names if name in _SECRETS),
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
    arguments: dict[str, Any] = {}
    if operation.for_staff:
        staff = _staff(request)
        if "staff" in wanted:
            arguments["staff"] = staff
    for name, value in path.items():
        arguments[name] = _path_parameter(name, unquote(value), operation.path_types[name])
    for name in wanted & _SECRETS.keys():
        arguments[name] = _secret(request, _SECRETS[name])
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


def _path_parameter(name: str, value: str, kind: Any) -> Any:
    if len(value) > _LONGEST_PARAMETER:
        raise invalid(f"/path/{name}", f"At most {_LONGEST_PARAMETER} characters are possible here.")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid_field(error, f"/path/{name}") from None


def _staff(request: Request) -> Staff:
    claims = request.context.get("authorizer", {}).get("claims", {})
    # The authorizer lets access tokens pass as well; only an id token says who somebody is.
    if claims.get("token_use") != "id":
        raise ShopError("unauthorized", 401, "Send the id token of a staff login.")
    groups = _GROUPS.findall(claims.get("cognito:groups", ""))
    return Staff(id=claims["sub"], groups=frozenset(groups))


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
    claims = request.context.get("authorizer", {}).get("claims", {})
    caller = "\n".join([claims.get("sub", ""), *secrets])
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
