"""A request as a view sees it: the arguments that its parameters' names and types ask for, or a clear refusal."""

import re
from functools import cache
from typing import Any, cast
from urllib.parse import unquote

import msgspec
from chalice.app import Request
from msgspec import inspect

from chalicelib.core.errors import ShopError, invalid, place_of
from chalicelib.core.idempotency import Once, once
from chalicelib.core.operation import SECRETS, VISITORS, Operation
from chalicelib.core.staff import Staff, forbidden
from chalicelib.core.visitor import Customer, Visitor

# Lambda answers at most 6 MB and takes as much; what a shop's client says in JSON is far smaller.
_LARGEST_BODY = 1_000_000
_LONGEST_PARAMETER = 300
# A key guards the answer it repeats, so it must not be one that two people would think of.
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_GROUPS = re.compile(r"[^\[\],\s]+")


class Webhook(msgspec.Struct, frozen=True):
    """What a provider sent, byte for byte: its signature is over exactly this."""

    raw: bytes
    headers: dict[str, str]

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


def arguments_for(
    operation: Operation, wanted: frozenset[str], request: Request, path: dict[str, str]
) -> dict[str, Any]:
    """What the view of `operation` is called with; a ShopError names the field that can not be accepted."""
    arguments = _caller(operation, wanted, request)
    for name, value in path.items():
        arguments[name] = _path_parameter(name, unquote(value), operation.path_types[name])
    for name in wanted & SECRETS.keys():
        header = SECRETS[name]
        arguments[name] = _secret(request, header) if operation.headers[header] else request.headers.get(header)
    if "network" in wanted:
        arguments["network"] = (request.context.get("identity") or {}).get("sourceIp")
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
            raise forbidden(operation.permission)
        return {"staff": staff} if "staff" in wanted else {}
    if operation.for_customers:
        customer = _customer(request)
        owner = dict.fromkeys(wanted & VISITORS.keys(), Visitor(customer=customer.id))
        return {**owner, "customer": customer} if "customer" in wanted else dict(owner)
    return {name: Visitor(secret=_secret(request, VISITORS[name])) for name in wanted & VISITORS.keys()}


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
    if claims.get("email_verified", "true") != "true":  # API Gateway makes text of every claim
        raise ShopError("email_not_verified", 403, "The e-mail address of this account was not verified.")
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
    secrets = [request.headers.get(header) or "" for header in SECRETS.values()]
    # Who logged in is the same caller whatever secrets they send beside their token.
    caller = _claims(request).get("sub") or "\n".join(["", *secrets])
    return once(caller, f"{request.method} {_path(request)}", key, _raw_body(request))


def _path(request: Request) -> str:
    path = request.context["resourcePath"]
    for name, value in (request.uri_params or {}).items():
        path = path.replace(f"{{{name}}}", value)
    return str(path)


def _query(request: Request, kind: Any) -> Any:
    values: Any = request.query_params or {}
    given = {name: values.getlist(name) if name in _repeatable(kind) else values[name] for name in values}
    try:
        query = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid_field(error, "/query") from None
    # msgspec takes the word "null" for nothing; a parameter is absent or has a value.
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    if empty := next((name for name in given if getattr(query, fields[name]) is None), None):
        raise invalid(f"/query/{empty}", "Leave a parameter out that has no value.")
    return query


@cache
def _repeatable(kind: Any) -> frozenset[str]:
    """The parameters that may come several times, each time with another value."""
    fields = cast(inspect.StructType, inspect.type_info(kind)).fields
    return frozenset(field.encode_name for field in fields if isinstance(field.type, inspect.VarTupleType))


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
    detail, place = place_of(error)
    return invalid(prefix + place, f"{detail}.")
