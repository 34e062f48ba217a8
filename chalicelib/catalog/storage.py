"""The media bucket in S3: the only file of the catalogue that knows S3."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cache, partial
from typing import Any, cast

import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

_UPLOAD_SECONDS = 3600
_DOWNLOAD_SECONDS = 3600
# The tag of files that the lifecycle rule `unclaimed` takes (infra/resources.yaml).
_UNCLAIMED = "claimed=no"
_CHUNK = 1 << 18
# S3 takes no smaller part of a file, except the last.
SMALLEST_PART = 5 << 20


class Growing(msgspec.Struct, frozen=True):
    """A file that is written part by part. Before it is finished nobody sees it, or that it replaces another one."""

    key: str
    upload_id: str
    parts: int = 0


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


def download_url(key: str, seconds: int) -> str:
    """A link by which anybody can GET one file for so long."""
    parameters = {"Bucket": settings.media_bucket, "Key": key}
    return cast(str, _s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))


def put(key: str, content: bytes, content_type: str) -> None:
    """Write a whole file, over what was there."""
    _s3().put_object(Bucket=settings.media_bucket, Key=key, Body=content, ContentType=content_type)


def whole(key: str) -> bytes:
    """A file that fits into memory. 404 if it is not there."""
    with closing(_found(_s3().get_object, key)["Body"]) as body:
        return bytes(body.read())


def begin(key: str, content_type: str) -> Growing:
    """A file of any size that is about to be written part by part."""
    answer = _s3().create_multipart_upload(Bucket=settings.media_bucket, Key=key, ContentType=content_type)
    return Growing(key, str(answer["UploadId"]))


def grow(file: Growing, part: bytes | bytearray) -> Growing:
    """The file with one part more, of at least SMALLEST_PART bytes unless it is the last one.

    Growing the same `file` once more writes the same part anew, so a run that died may do it again.
    """
    grown = msgspec.structs.replace(file, parts=file.parts + 1)
    _s3().upload_part(**_upload(file), PartNumber=grown.parts, Body=bytes(part))
    return grown


def finish(file: Growing) -> None:
    """Let the file be seen, whole, in place of what had its key. One that was finished already stays as it is."""
    try:
        found = _s3().get_paginator("list_parts").paginate(**_upload(file))
        parts = [{name: part[name] for name in ("PartNumber", "ETag")} for page in found for part in page["Parts"]]
        _s3().complete_multipart_upload(**_upload(file), MultipartUpload={"Parts": parts})
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise


def give_up(file: Growing) -> None:
    """Forget a file that will not be finished."""
    with suppress(_s3().exceptions.NoSuchUpload):
        _s3().abort_multipart_upload(**_upload(file))


def _upload(file: Growing) -> dict[str, str]:
    return {"Bucket": settings.media_bucket, "Key": file.key, "UploadId": file.upload_id}


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


def attachment_url(key: str, name: str) -> str:
    """A link from which a file can be fetched within the next hour, to be kept under `name`."""
    parameters = {
        "Bucket": settings.media_bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="{name}"',
    }
    return cast(str, _s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=_DOWNLOAD_SECONDS))


def size(key: str) -> int:
    """How many bytes a file has. 404 if it is not there."""
    return int(_found(_s3().head_object, key)["ContentLength"])


class Upload(msgspec.Struct, frozen=True):
    """A request that sends one file: to this URL, with these headers, and with as many bytes as were announced."""

    method: str
    url: str
    headers: dict[str, str]


class WrongSize(Exception):
    """There is a file, and it has `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def upload(key: str, content_type: str, size: int) -> Upload:
    """A link to which exactly `size` bytes of this type can be PUT once, within the next hour.

    Type and Content-Length are signed, so S3 refuses any other; so is If-None-Match, and the second of two uploads is
    412 as long as the first lies there. ministack refuses the same; moto takes everything.
    """
    headers = {"Content-Type": content_type, "If-None-Match": "*"}
    parameters = {
        "Bucket": settings.media_bucket,
        "Key": key,
        "ContentType": content_type,
        "ContentLength": size,
        "IfNoneMatch": "*",
    }
    url = _s3().generate_presigned_url("put_object", Params=parameters, ExpiresIn=_UPLOAD_SECONDS)
    return Upload("PUT", url, headers)


def sent(key: str, size: int) -> bytes:
    """The whole file, if it has `size` bytes; WrongSize if not, before anything is read. 404 if it is not there."""
    answer = _found(_s3().get_object, key)
    if answer["ContentLength"] != size:
        answer["Body"].close()
        raise WrongSize(answer["ContentLength"])
    return bytes(answer["Body"].read())


def serve(key: str, data: bytes, content_type: str, *, claimed: bool) -> None:
    """Put a file where it can be read. It never changes, so whoever has it need not ask again.

    One that is not claimed in time is removed by a lifecycle rule of the bucket (not on the local stack: ministack
    keeps such rules and does not act on them).
    """
    _s3().put_object(
        Bucket=settings.media_bucket,
        Key=key,
        Body=data,
        ContentType=content_type,
        CacheControl="public, max-age=31536000, immutable",
        **({} if claimed else {"Tagging": _UNCLAIMED}),
    )


def claim(key: str) -> None:
    """Let the file stay. 404 if it is gone already."""
    _found(_s3().delete_object_tagging, key)


def let_go(key: str) -> None:
    """Let the lifecycle rule take the file."""
    name, _, value = _UNCLAIMED.partition("=")
    _found(partial(_s3().put_object_tagging, Tagging={"TagSet": [{"Key": name, "Value": value}]}), key)


def delete(key: str) -> None:
    """Remove a file. What is not there is removed already."""
    _s3().delete_object(Bucket=settings.media_bucket, Key=key)
