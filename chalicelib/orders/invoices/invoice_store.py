"""Invoices' files in the media bucket, below a prefix that nobody can read without a link. Written once."""

from functools import cache
from typing import Any, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.settings import settings

FOLDER = "invoices/"
LINK_SECONDS = 300


@cache
def _s3() -> Any:
    import boto3  # a tenth of a cold start, and few requests need it

    # A presigned link holds the host in its signature; path style works with every endpoint.
    return boto3.client(
        "s3", region_name=settings.region, config=Config(signature_version="s3v4", s3={"addressing_style": "path"})
    )


def put_once(name: str, content: bytes, content_type: str) -> bytes:
    """What lies under `name` from now on: `content`, unless something lay there before."""
    where = {"Bucket": settings.media_bucket, "Key": FOLDER + name}
    try:
        _s3().put_object(**where, Body=content, ContentType=content_type, IfNoneMatch="*")
    except ClientError as error:
        # 409: somebody else is just putting it; whoever asks again finds it.
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "412"):
            raise
        return bytes(_s3().get_object(**where)["Body"].read())
    return content


def url(name: str, shown_as: str) -> str:
    """A link by which anybody can fetch a file for five minutes, to be kept under the name `shown_as`."""
    parameters = {
        "Bucket": settings.media_bucket,
        "Key": FOLDER + name,
        "ResponseContentDisposition": f'attachment; filename="{shown_as}"',
    }
    return cast(str, _s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_SECONDS))
