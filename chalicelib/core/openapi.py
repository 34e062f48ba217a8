"""The OpenAPI 3.1 document, written from the routes' own declarations."""

import inspect
import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from chalicelib.core.operation import Elsewhere, Operation

_TEMPLATE = "#/components/schemas/{name}"


class Problem(msgspec.Struct):
    """RFC 9457 problem details. `code` is stable; `pointer` (RFC 6901) names the field at fault, if one is."""

    status: int
    code: str
    detail: str
    pointer: str | msgspec.UnsetType = msgspec.UNSET


def document(operations: Iterable[Operation], title: str, version: str) -> dict[str, Any]:
    """The API document of `operations`, in the order of their paths."""
    ordered = sorted(operations, key=lambda operation: (operation.path, operation.method))
    structs = [
        kind
        for o in ordered
        for kind in (o.body, o.query, o.answer)
        if isinstance(kind, type) and kind not in (msgspec.Raw, Elsewhere)
    ]
    schemas, components = msgspec.json.schema_components([*structs, Problem], ref_template=_TEMPLATE)
    by_type = dict(zip([*structs, Problem], schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in ordered:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "staff": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "id token of a staff login",
                },
                "customer": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "id token of a customer's login",
                },
            },
        },
    }


def _operation(operation: Operation, schemas: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(operation.summary).partition(". ")
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": summary.rstrip("."),
        "parameters": [*_parameters(operation), *_query_parameters(operation, schemas, components)],
        "responses": _responses(operation, schemas),
    }
    if description:
        described["description"] = description
    if operation.for_staff:
        described["security"] = [{"staff": []}]
        described["x-permission"] = operation.permission
        described["description"] = f"{description} Needs the permission `{operation.permission}`.".strip()
    if operation.for_customers:
        described["security"] = [{"customer": []}]
    if operation.body is not None:
        required = any(field.required for field in msgspec.structs.fields(operation.body))
        described["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": schemas[operation.body]}},
        }
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1, "maxLength": 300}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in operation.path_types
    ]
    found += [
        {"name": name, "in": "header", "required": required, "schema": text}
        for name, required in operation.headers.items()
    ]
    if operation.takes_key:
        key = {"type": "string", "pattern": r"^[\x21-\x7e]{16,255}$(?!\n)"}
        detail = "Send a random UUID; the same request with the same key has its effect once."
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": detail}
        )
    if operation.has_etag:
        found.append({"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}})
    return found


def _query_parameters(
    operation: Operation, schemas: dict[Any, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    name = re.sub(r".*/", "", schemas[operation.query]["$ref"])
    # The parameters stand in the operation, so nothing refers to the Struct that collects them.
    schema = cast(dict[str, Any], components[name])
    required = schema.get("required", [])
    return [
        {"name": field, "in": "query", "required": field in required, "schema": _not_null(kind)}
        for field, kind in schema["properties"].items()
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent, never null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, "anyOf": choices}


def _responses(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if operation.answer is Elsewhere:
        address = {"description": "where it is", "required": True, "schema": {"type": "string", "format": "uri"}}
        done["headers"] = {"Location": address}
    else:
        schema = schemas.get(operation.answer, {"type": "object"})
        done["content"] = {"application/json": {"schema": schema}}
    responses: dict[str, Any] = {str(operation.status): done}
    if operation.has_etag:
        responses["304"] = {"description": "What you have is still good."}
    problem = {"application/problem+json": {"schema": schemas[Problem]}}
    return {**responses, "default": {"description": "Refused; see `code`.", "content": problem}}
