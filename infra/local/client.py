"""A shop's API as its clients see it: HTTP and JSON, nothing else. The seed, the demo and the stack's tests use it."""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

Json = dict[str, Any]
T = TypeVar("T")


class Refused(Exception):
    """The shop answered with an error; `problem` is its problem+json."""

    def __init__(self, request: str, status: int, problem: Json) -> None:
        super().__init__(f"{request}: {status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class TookTooLong(Exception):
    """What was waited for did not happen in time."""


class Api:
    """Calls to one shop. `headers` go with every call: a guest's secrets, staff's login.

    For `patience` seconds a call is repeated while nobody answers: every POST carries an Idempotency-Key and every
    other call says how things shall be, so that repeating one does no harm.
    """

    def __init__(self, base: str, patience: float = 0, **headers: str) -> None:
        self.base = base.rstrip("/")
        self.patience = patience
        self.headers = headers

    def with_headers(self, **headers: str) -> "Api":
        return Api(self.base, self.patience, **self.headers, **headers)

    def get(self, path: str) -> Json:
        return self.call("GET", path)

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        return self.call("POST", path, body or {}, **{"Idempotency-Key": key or str(uuid.uuid4())})

    def put(self, path: str, body: Json) -> Json:
        return self.call("PUT", path, body)

    def call(self, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data=data, method=method)
        for name, value in {"Content-Type": "application/json", **self.headers, **headers}.items():
            request.add_header(name, value)
        end = time.monotonic() + self.patience
        told = False
        while True:
            try:
                return _send(request)
            except (urllib.error.URLError, ConnectionError, TimeoutError, http.client.HTTPException) as error:
                away = not isinstance(error, urllib.error.HTTPError) or error.code in _AWAY
                if away and time.monotonic() < end:
                    if not told:
                        print(f"  (waiting for an answer to {method} {path}: {error})", file=sys.stderr, flush=True)
                        told = True
                    time.sleep(0.2)
                elif isinstance(error, urllib.error.HTTPError):
                    raise _refused(f"{method} {path}", error) from None
                else:
                    raise


# What a gateway says while the functions behind it are stopping or not there yet.
_AWAY = (500, 502, 503, 504)


def _send(request: urllib.request.Request) -> Json:
    with urllib.request.urlopen(request, timeout=60) as answer:
        answered: Json = json.loads(answer.read() or b"{}")
        return answered


def _refused(request: str, error: urllib.error.HTTPError) -> Refused:
    text = error.read().decode(errors="replace")
    problem = json.loads(text) if text.startswith("{") else {"detail": text[:200]}
    return Refused(request, error.code, problem)


def log_in(base: str, email: str, password: str, patience: float = 0) -> Api:
    """The API as a member of staff sees it."""
    tokens = Api(base, patience).post("/admin/auth/login", {"email": email, "password": password})
    return Api(base, patience, Authorization=tokens["id_token"])


def upload(url: str, content: bytes) -> None:
    """PUT a file to an upload link."""
    request = urllib.request.Request(url, data=content, method="PUT")
    urllib.request.urlopen(request, timeout=120).close()


def wait_for(what: str, look: Callable[[], T | None], seconds: float = 60) -> T:
    """The first true thing that `look` returns; TookTooLong, naming `what`, if there is none within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > end:
            raise TookTooLong(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)


def segment(text: str) -> str:
    """A path segment, quoted."""
    return quote(text, safe="")
