"""Stripe's keys on the deployed stack: in the secret, and open to those functions only that ask Stripe."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError


def read_as(function: str, secret_id: str) -> Any:
    """The secret as a function of the stack gets it, whose role decides."""
    resources = boto3.client("cloudformation").describe_stack_resources(StackName="jishi")["StackResources"]
    (role,) = [r["PhysicalResourceId"] for r in resources if r["LogicalResourceId"] == f"{function}Role"]
    arn = boto3.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    taken = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    client = boto3.client(
        "secretsmanager",
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )
    return json.loads(client.get_secret_value(SecretId=secret_id)["SecretString"])


def test_only_functions_that_ask_stripe_can_read_its_keys(running: dict[str, Any]) -> None:
    secret_id = running["outputs"]["StripeSecretId"]
    assert secret_id.startswith("arn:")
    for function in ("OrdersApi", "PaymentsApi", "PaymentsWebhooks", "OrdersExpire"):
        assert read_as(function, secret_id)["api_key"] == running["stripe"]["key"]
    for function in ("CatalogApi", "AdminApi", "OrdersEvents", "AdminRelay"):
        with pytest.raises(ClientError, match="AccessDenied"):
            read_as(function, secret_id)


def test_no_function_and_no_stack_shows_a_key(running: dict[str, Any]) -> None:
    held = boto3.client("secretsmanager").get_secret_value(SecretId=running["outputs"]["StripeSecretId"])
    keys = json.loads(held["SecretString"])
    shown = [
        boto3.client("lambda").get_paginator("list_functions").paginate().build_full_result(),
        boto3.client("cloudformation").describe_stacks(StackName="jishi")["Stacks"],
        boto3.client("cloudformation").get_template(StackName="jishi")["TemplateBody"],
    ]
    for key in (keys["api_key"], *keys["webhook_secrets"]):
        assert key not in repr(shown)
