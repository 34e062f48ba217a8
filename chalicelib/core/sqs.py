"""Sending to a queue. Receiving is queue.py's."""

from functools import cache
from typing import Any

from chalicelib.core.settings import settings


@cache
def client() -> Any:
    import boto3  # few functions send, many import a module that could

    return boto3.client("sqs", region_name=settings.region)


def send(queue_url: str, body: str, delay_seconds: int = 0) -> None:
    """Send a message that comes after `delay_seconds`, at most 900."""
    client().send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=delay_seconds)
