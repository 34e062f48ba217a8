"""The media bucket in S3: the only file of the catalogue that knows S3."""

import io
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

_UPLOAD_SECONDS = 3600


@cache
def _s3() -> Any:
    import boto3  # with its transfer manager a tenth of a cold start, and only imports need it

    # A presigned link holds the host in its signature; path style works with every endpoint.
    return boto3.client(
        "s3", region_name=settings.region, config=Config(signature_version="s3v4", s3={"addressing_style": "path"})
    )


def upload_url(key: str) -> str:
    """A link to which one file can be PUT within the next hour."""
    parameters = {"Bucket": settings.media_bucket, "Key": key}
    return cast(str, _s3().generate_presigned_url("put_object", Params=parameters, ExpiresIn=_UPLOAD_SECONDS))


def open_text(key: str) -> io.TextIOWrapper:
    """The file as UTF-8 text, with or without a byte order mark, read as it arrives. 404 if it is not there."""
    body = _found(_s3().get_object, key)["Body"]
    return io.TextIOWrapper(io.BufferedReader(_Raw(body), 1 << 16), encoding="utf-8-sig", newline="")


def etag(key: str) -> str:
    """What changes whenever the file does. 404 if it is not there."""
    return str(_found(_s3().head_object, key)["ETag"])


def _found(ask: Callable[..., Any], key: str) -> Any:
    try:
        return ask(Bucket=settings.media_bucket, Key=key)
    except ClientError as error:
        # S3 says AccessDenied of what is not there to whoever may not list the bucket; a HEAD has only the status.
        if error.response["Error"]["Code"] in ("NoSuchKey", "404", "AccessDenied", "403"):
            raise ShopError("no_file", 404, f"There is no file {key} that this function may read.") from None
        raise


class _Raw(io.RawIOBase):
    """botocore's streaming body as the raw stream that Python's text layer expects."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
