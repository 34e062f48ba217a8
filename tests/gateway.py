"""API Gateway in front of app.py, for the shop in one process."""

import json
import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.client import Api, Json, Refused

_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com"
# Whose tokens each authorizer takes.
ISSUERS = {"staff": f"{_ISSUER}/pool", "customers": f"{_ISSUER}/customer-pool"}
OWNER = {"sub": "owner-1", "token_use": "id", "cognito:groups": "[owner]", "iss": ISSUERS["staff"]}
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000, aws_request_id="test")


class Gateway(Api):
    """API Gateway as the shop's functions see it: proxy events in, and each authorizer wants its own pool's claims."""

    def __init__(self, claims: Json | None = None, **headers: str) -> None:
        super().__init__("http://test", 0, **headers)
        self.claims = claims
        self.address: str | None = None  # where requests come from, as far as API Gateway knows

    def with_headers(self, **headers: str) -> "Gateway":
        other = Gateway(self.claims, **self.headers, **headers)
        other.address = self.address
        return other

    def delete(self, path: str, body: Any = None) -> Json:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        status, _, answered = self.send(method, path, None if body is None else json.dumps(body), **headers)
        if status >= 400:
            raise Refused(f"{method} {path}", status, answered)
        return answered

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Json, Json]:
        """Status, headers and JSON of the answer."""
        answer = self.raw(method, path, body, **headers)
        return answer["statusCode"], answer["headers"], json.loads(answer["body"] or "{}")

    def raw(self, method: str, path: str, body: str | None = None, **headers: str) -> Json:
        """The answer as the function gives it to API Gateway, and what the gateway's authorizers say instead of it."""
        from app import app

        target = urlsplit(path)
        resource, parameters = self._resource(app.routes, target.path, method)
        authorizer = app.routes[resource][method].authorizer
        if authorizer and (self.claims is None or self.claims["iss"] != ISSUERS[authorizer.name]):
            return {"statusCode": 401, "headers": {}, "body": '{"code": "unauthorized"}'}
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(target.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        event = {
            "resource": resource,
            "path": target.path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json", **self.headers, **headers},
            "multiValueHeaders": {},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": False,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "path": target.path,
                "identity": {"sourceIp": self.address},
                "authorizer": {"claims": self.claims} if authorizer else {},
            },
        }
        answer: Json = app(event, CONTEXT)
        return answer

    def _resource(self, routes: Any, path: str, method: str) -> tuple[str, dict[str, str]]:
        for resource in sorted(routes, key=lambda r: r.count("{")):
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(resource))
            if method in routes[resource] and (match := re.fullmatch(pattern, path)):
                return resource, match.groupdict()
        raise AssertionError(f"no route for {method} {path}")
