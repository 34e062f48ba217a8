"""The media bucket in S3: the only file of the catalogue that knows S3."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from typing import Any, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

_UPLOAD_SECONDS = 3600
_DOWNLOAD_SECONDS = 3600
_CHUNK = 1 << 18


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


def beginning(key: str, size: int) -> tuple[bytes, bool, str]:
    """The first `size` bytes of a file, whether that is all of it, and its version's tag. 404 if it is not there."""
    answer = _found(_s3().get_object, key)
    with closing(answer["Body"]) as body:
        return body.read(size), int(answer["ContentLength"]) <= size, str(answer["ETag"])


def read(key: str, etag: str, start: int) -> Iterator[bytes]:
    """The file from the byte `start` on, as it arrives; 409 if it is not the version `etag` any more."""
    try:
        answer = _found(_s3().get_object, key, IfMatch=etag, **({"Range": f"bytes={start}-"} if start else {}))
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRange":
            return  # it has no more bytes
        if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
            detail = "Another file was put in the place of this one. Start an import of its own for it."
            raise ShopError("file_changed", 409, detail) from None
        raise
    with closing(answer["Body"]) as body:
        while chunk := body.read(_CHUNK):
            yield chunk


def etag(key: str) -> str:
    """What changes whenever the file does. 404 if it is not there."""
    return str(_found(_s3().head_object, key)["ETag"])


def _found(ask: Callable[..., Any], key: str, **more: str) -> Any:
    try:
        return ask(Bucket=settings.media_bucket, Key=key, **more)
    except ClientError as error:
        # S3 says AccessDenied of what is not there to whoever may not list the bucket; a HEAD has only the status.
        if error.response["Error"]["Code"] in ("NoSuchKey", "404", "AccessDenied", "403"):
            raise ShopError("no_file", 404, f"There is no file {key} that this function may read.") from None
        raise


def download_url(key: str, name: str) -> str:
    """A link from which a file can be fetched within the next hour, to be kept under `name`."""
    parameters = {
        "Bucket": settings.media_bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="{name}"',
    }
    return cast(str, _s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=_DOWNLOAD_SECONDS))


def new_upload(key: str) -> str:
    """Begin a file that is written in parts; returns what names it until it is complete."""
    kind = "application/octet-stream"
    return str(_s3().create_multipart_upload(Bucket=settings.media_bucket, Key=key, ContentType=kind)["UploadId"])


def put_part(key: str, upload: str, number: int, content: bytes) -> None:
    """Write a part, from number 1 on, or write it anew."""
    _s3().upload_part(Bucket=settings.media_bucket, Key=key, UploadId=upload, PartNumber=number, Body=content)


def complete_upload(key: str, upload: str) -> int:
    """Make the parts a file; returns its size. One that is complete already stays so."""
    parts: list[dict[str, Any]] = []
    try:
        for page in _s3().get_paginator("list_parts").paginate(Bucket=settings.media_bucket, Key=key, UploadId=upload):
            parts += [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in page.get("Parts", [])]
        _s3().complete_multipart_upload(
            Bucket=settings.media_bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
    return int(_found(_s3().head_object, key)["ContentLength"])
