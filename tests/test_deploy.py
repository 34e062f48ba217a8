"""What a deployment does to a stack that is there already."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import deploy
from infra.deploy import DeployError, put_keys


class Secret:
    """The secret of a new stack."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager")
        self.id = self.client.create_secret(Name="stripe", SecretString="{}")["ARN"]

    def now(self) -> Any:
        return json.loads(self.client.get_secret_value(SecretId=self.id)["SecretString"])

    def version(self) -> str:
        return str(self.client.get_secret_value(SecretId=self.id)["VersionId"])


@pytest.fixture
def secret() -> Iterator[Secret]:
    with mock_aws():
        yield Secret()


def test_keys_are_put_into_the_secret_as_they_are_given(secret: Secret) -> None:
    put_keys(secret.id, "sk_live_1", "")
    assert secret.now() == {"api_key": "sk_live_1", "webhook_secrets": []}
    put_keys(secret.id, "", "whsec_1")
    assert secret.now() == {"api_key": "sk_live_1", "webhook_secrets": ["whsec_1"]}
    put_keys(secret.id, "sk_live_2", "whsec_2")
    assert secret.now() == {"api_key": "sk_live_2", "webhook_secrets": ["whsec_2", "whsec_1"]}


def test_keys_that_are_there_make_no_new_version(secret: Secret) -> None:
    put_keys(secret.id, "sk_live_1", "whsec_1")
    before = secret.version()
    put_keys(secret.id, "sk_live_1", "whsec_1")
    assert secret.version() == before


def test_what_can_be_no_key_is_refused_and_not_shown(secret: Secret) -> None:
    put_keys(secret.id, "sk_live_1", "whsec_1")
    with pytest.raises(DeployError, match=r"api_key") as refused:
        put_keys(secret.id, "sk_live_PRIVATE\n", "")
    assert "PRIVATE" not in str(refused.value)
    assert secret.now()["api_key"] == "sk_live_1"


def test_a_parameter_that_the_template_no_longer_has_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [{"ParameterKey": name, "ParameterValue": "x"} for name in ("ShopCurrency", "ShopUrl", "StripeApiKey")]
    monkeypatch.setattr(deploy, "_stack", lambda *_: {"Parameters": before})
    assert deploy._parameters("jishi", {"ShopUrl": "https://shop.example"}, {"ShopCurrency": {}, "ShopUrl": {}}) == [
        {"ParameterKey": "ShopUrl", "ParameterValue": "https://shop.example"},
        {"ParameterKey": "ShopCurrency", "UsePreviousValue": True},
    ]
