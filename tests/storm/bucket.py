"""A bucket in which a file is put once: S3 with `If-None-Match: *`."""

import io
from typing import Any

from botocore.exceptions import ClientError

from tests.storm.dynamodb import refused


class Bucket:
    """`files` by key, as long as the storm lasts."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def perform(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """PutObject or GetObject, as S3 would do them."""
        key = request["Key"]
        if operation == "PutObject":
            assert request["IfNoneMatch"] == "*", f"{key} would be overwritten"
            if key in self.files:
                raise refused(operation, "PreconditionFailed", "it is there")
            self.files[key] = bytes(request["Body"])
            return {}
        if key not in self.files:
            raise refused(operation, "NoSuchKey", key)
        return {"Body": io.BytesIO(self.files[key])}

    def busy(self, operation: str) -> ClientError:
        """What is answered while another request puts the same key."""
        return refused(operation, "ConditionalRequestConflict", "another request is at it")
