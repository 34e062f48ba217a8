"""Deploy the shop: upload code and template, create or update the stack. The same code for AWS and the local stack.

python -m infra.deploy                    to AWS, with the credentials and region of the environment
AWS_ENDPOINT_URL=... python -m infra...   to whatever answers there

STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET of the environment are put into the stack's secret: they stand on no command
line and in no template.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

import boto3
import msgspec
from botocore.exceptions import ClientError, WaiterError

from chalicelib.payments import keys
from infra.package import ROOT, PackagingError, package, point_code_to

Outputs = dict[str, str]


class DeployError(Exception):
    """The stack could not be brought to the template; the message says what CloudFormation said."""


def deploy(stack: str, parameters: dict[str, str], out: Path, say: Callable[[str], None] = print) -> Outputs:
    """Package, upload, create or update `stack` and return its outputs."""
    template_path = package(out)
    bucket = _artifact_bucket()
    s3 = boto3.client("s3")
    code = _upload(s3, bucket, out / "deployment.zip")
    template = json.loads(template_path.read_text())
    point_code_to(template, f"s3://{bucket}/{code}")
    finished = out / "template-uploaded.json"
    finished.write_text(json.dumps(template))
    # Bodies are limited to 51,200 bytes; a template in S3 may have a megabyte.
    template_key = _upload(s3, bucket, finished)
    region = s3.meta.region_name
    host = s3.meta.endpoint_url if "amazonaws" not in s3.meta.endpoint_url else f"https://s3.{region}.amazonaws.com"
    chosen = _parameters(stack, parameters, template["Parameters"])
    return _apply(stack, f"{host}/{bucket}/{template_key}", chosen, say)


def put_keys(secret_id: str, api_key: str, webhook_secret: str) -> None:
    """Put Stripe's keys into the stack's secret; an empty one stays as it is. The webhook secret that was the newest so
    far goes on counting beside a new one, so that no webhook is refused meanwhile. Raises DeployError.
    """
    client = boto3.client("secretsmanager")
    try:
        before = keys.decode(client.get_secret_value(SecretId=secret_id)["SecretString"])
        after = keys.renewed(before, api_key, webhook_secret)
        if after != before:
            client.put_secret_value(SecretId=secret_id, SecretString=keys.encode(after))
    except (ClientError, msgspec.DecodeError) as error:
        raise DeployError(f"The stack is there, but its secret holds no new keys of Stripe: {error}") from error


def exists(stack: str) -> bool:
    """Whether there is such a stack."""
    return _stack(boto3.client("cloudformation"), stack) is not None


def _apply(stack: str, template_url: str, parameters: list[dict[str, Any]], say: Callable[[str], None]) -> Outputs:
    cloudformation = boto3.client("cloudformation")
    request: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": template_url,
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    updates = exists(stack)
    try:
        if updates:
            cloudformation.update_stack(**request)
        else:
            # By its id a stack that failed and was deleted can still be asked why.
            stack = cloudformation.create_stack(**request, OnFailure="DELETE")["StackId"]
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(f"CloudFormation refused the template: {error}") from error
        say("nothing changed")
    else:
        waiter = cloudformation.get_waiter("stack_update_complete" if updates else "stack_create_complete")
        try:
            waiter.wait(
                StackName=stack, WaiterConfig={"Delay": 1 if _is_local(cloudformation) else 15, "MaxAttempts": 240}
            )
        except WaiterError as error:
            raise DeployError(f"The stack did not come up: {_why(cloudformation, stack)}") from error
    outputs = _outputs(cloudformation, stack)
    if outputs is None:
        raise DeployError(f"Stack {stack} is gone after deploying it.")
    return outputs


def _parameters(stack: str, given: dict[str, str], declared: Container[str]) -> list[dict[str, Any]]:
    """What was given now; what was given to the stack before stays as it is, if there still is such a parameter."""
    chosen: list[dict[str, Any]] = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    known = (_stack(boto3.client("cloudformation"), stack) or {}).get("Parameters", [])
    before = [parameter["ParameterKey"] for parameter in known if parameter["ParameterKey"] in declared]
    kept: list[dict[str, Any]] = [
        {"ParameterKey": name, "UsePreviousValue": True} for name in before if name not in given
    ]
    return chosen + kept


def _is_local(client: Any) -> bool:
    return "127.0.0.1" in client.meta.endpoint_url


def _outputs(cloudformation: Any, stack: str) -> Outputs | None:
    found = _stack(cloudformation, stack)
    if found is None:
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _stack(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return next((dict(s) for s in found if s["StackStatus"] != "DELETE_COMPLETE"), None)


def _why(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("FAILED")]
    return (
        "; ".join(f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '?')}" for e in failed[:3])
        or "no reason given"
    )


def _artifact_bucket() -> str:
    """The account's bucket for packages in this region, made if it is not there."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    s3 = boto3.client("s3")
    region = s3.meta.region_name
    bucket = f"jishi-artifacts-{account}-{region}"
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **place)
    return bucket


def _upload(s3: Any, bucket: str, path: Path) -> str:
    """Put a file under the hash of its content and return its key; what is there already is not sent again."""
    key = f"{hashlib.sha256(path.read_bytes()).hexdigest()}{path.suffix}"
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.upload_file(str(path), bucket, key)
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploy the shop to AWS.")
    parser.add_argument("--stack", default="jishi", help="name of the stack (default: %(default)s)")
    parser.add_argument("--currency", help="currency of the catalogue (a new stack's default: EUR)")
    parser.add_argument("--opensearch-url", help="an OpenSearch that exists; without one a new stack creates a domain")
    parser.add_argument("--search-chinese", choices=["cjk", "smartcn", "ik"], help="how search takes Chinese apart")
    parser.add_argument("--shop-url", help="where customers see the shop: feeds and sitemaps lead there")
    parser.add_argument("--product-path", help="a product's page below it (a new stack's default: /products/{handle})")
    parser.add_argument("--category-path", help="a category's page below it, such as /categories/{category}")
    parser.add_argument("--locale-prefix", help="what stands before both in a translation, such as /{locale}")
    arguments = parser.parse_args()
    asked = {
        "ShopCurrency": arguments.currency,
        "OpenSearchUrl": arguments.opensearch_url,
        "SearchChinese": arguments.search_chinese,
        "ShopUrl": arguments.shop_url,
        "ProductPath": arguments.product_path,
        "CategoryPath": arguments.category_path,
        "LocalePrefix": arguments.locale_prefix,
    }
    parameters = {name: value for name, value in asked.items() if value is not None}
    try:
        outputs = deploy(arguments.stack, parameters, ROOT / ".local" / "package")
        # An empty one is a shell's way to have none.
        api_key, webhook_secret = os.environ.get("STRIPE_API_KEY", ""), os.environ.get("STRIPE_WEBHOOK_SECRET", "")
        if api_key or webhook_secret:
            put_keys(outputs["StripeSecretId"], api_key, webhook_secret)
    except (DeployError, PackagingError) as error:
        raise SystemExit(f"deploy: {error}") from None
    for name, value in sorted(outputs.items()):
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
