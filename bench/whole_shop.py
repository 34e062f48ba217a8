"""A shop in this process with S3 and DynamoDB in processes of their own: what is measured here is the shop alone."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench import dynamodb_local, ministack
from bench.server import Missing

# As long as AWS lets a function work; what takes longer goes on in the next invocation.
_SECONDS = 900
_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: _SECONDS * 1000, aws_request_id="bench")


@contextmanager
def empty() -> Iterator[None]:
    """Tables, bucket and queues with nothing in them. DynamoDB Local where it runs, else ministack, which is slower the
    longer a list is. Raises Missing."""
    from inprocess import Shop
    from machine import free_port

    from chalicelib.core import cache

    cache.forget()
    with ExitStack() as stack:
        os.environ["AWS_ENDPOINT_URL"] = stack.enter_context(ministack.running(free_port()))
        try:
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = stack.enter_context(dynamodb_local.running(free_port(), say))
        except Missing as missing:
            say(f"{missing}: ministack's DynamoDB is used")
            os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
        Shop().create_tables()
        yield


def upload(key: str, drafts: Iterable[dict[str, Any]]) -> int:
    """Drafts as a file of JSON Lines in the bucket; returns its size in bytes."""
    import boto3

    from chalicelib.core.settings import settings

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".jsonl") as file:
        file.writelines(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts)
        file.flush()
        boto3.client("s3").upload_file(file.name, settings.media_bucket, key)
        return Path(file.name).stat().st_size


def import_file(key: str) -> dict[str, Any]:
    """Import what lies in the bucket, as an operator does; returns what the function answers in the end."""
    from chalicelib.catalog.console import catalog_import_file

    return _until_done(catalog_import_file, {"key": key})


def reindex() -> dict[str, Any]:
    """Build the search index from the table."""
    from chalicelib.catalog.console import catalog_reindex

    return _until_done(catalog_reindex, {})


def _until_done(function: Callable[..., Any], event: dict[str, Any]) -> dict[str, Any]:
    from chalicelib.core.errors import ShopError

    while True:
        try:
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # the function's log
                return dict(function(event, _CONTEXT))
        except ShopError as error:
            if error.code != "out_of_time":
                raise


def say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)
