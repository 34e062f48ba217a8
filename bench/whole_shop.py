"""A shop in this process, as an operator sees it: files are uploaded and imported, the index is built from the table.

`apart` has its AWS in processes of their own, so that the memory of this one is the shop's; `together` has it here,
which is quicker.
"""

import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench import dynamodb_local, ministack
from bench.server import Missing
from infra.package import ROOT

# As long as AWS lets a function work; what takes longer goes on in the next invocation.
_SECONDS = 900
_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: _SECONDS * 1000, aws_request_id="bench")


@contextmanager
def together() -> Iterator[None]:
    """Tables of the storm's DynamoDB, and moto's bucket, with nothing in them."""
    import boto3
    from botocore.client import BaseClient
    from moto import mock_aws

    from chalicelib.core import cache
    from chalicelib.core.settings import settings
    from tests.storm.dynamodb import DynamoDB, tables_of

    cache.forget()
    tables = DynamoDB(tables_of(ROOT / "infra" / "resources.yaml", settings.tables), time.time)
    call = BaseClient._make_api_call

    def answer(client: Any, operation: str, request: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name == "dynamodb":
            return tables.perform(operation, request)
        return call(client, operation, request)

    with mock_aws():
        BaseClient._make_api_call = answer
        try:
            region = {"LocationConstraint": settings.region}
            boto3.client("s3").create_bucket(Bucket=settings.media_bucket, CreateBucketConfiguration=region)
            yield
        finally:
            BaseClient._make_api_call = call


@contextmanager
def apart() -> Iterator[None]:
    """Tables, bucket and queues with nothing in them. DynamoDB Local where it runs, else ministack, which is slower the
    longer a list is. Raises Missing."""
    from inprocess import Shop

    from chalicelib.core import cache

    cache.forget()
    aws, dynamodb = _ports()
    with ExitStack() as stack:
        os.environ["AWS_ENDPOINT_URL"] = stack.enter_context(ministack.running(aws))
        try:
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = stack.enter_context(dynamodb_local.running(dynamodb, say))
        except Missing as missing:
            say(f"{missing}: ministack's DynamoDB is used")
            os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
        Shop().create_tables()
        yield


@functools.cache
def _ports() -> tuple[int, int]:
    """The same for each shop of this process: clients are made once, and keep their address."""
    from machine import free_port

    return free_port(), free_port()


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
