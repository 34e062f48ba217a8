"""The packaged template, as it is deployed: what AWS would refuse or lose, and what emulators do not mind."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from patterns import normal

from infra import package
from infra.package import API_MODULES, ROOT, function_name

Resources = dict[str, dict[str, Any]]
pytestmark = pytest.mark.xdist_group("package")
ASK_STRIPE = ("OrdersApi", "OrdersExpire", "PaymentsApi", "PaymentsEvents", "PaymentsReconcile")
ASK_STRIPE += ("PaymentsReconcileNow", "PaymentsSweep", "PaymentsWebhooks")


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(package.package(ROOT / ".local" / "package").read_text())
    return loaded


@pytest.fixture
def resources(template: dict[str, Any]) -> Resources:
    found: Resources = template["Resources"]
    return found


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def functions(resources: Resources) -> dict[str, dict[str, Any]]:
    return of_type(resources, "AWS::Serverless::Function")


def consumers(resources: Resources) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Function name, its properties, and those of its queue event source."""
    for name, function in functions(resources).items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                yield name, function, event["Properties"]


def attribute(value: dict[str, list[str]]) -> str:
    """The resource that an {"Fn::GetAtt": [resource, attribute]} means."""
    return value["Fn::GetAtt"][0]


def test_every_queue_consumer_of_the_code_is_a_function_with_a_queue(resources: Resources) -> None:
    assert {name for name, _, _ in consumers(resources)} == {
        "CatalogArrange",
        "CatalogImports",
        "CatalogMedia",
        "CatalogSales",
        "CatalogSearch",
        "LogisticsEvents",
        "OrdersEvents",
        "OrdersInvoices",
        "PaymentsEvents",
        "PaymentsReconcileNow",
        "PaymentsWebhooks",
    }


def test_a_consumer_answers_per_message_and_has_time_to(resources: Resources) -> None:
    for name, function, source in consumers(resources):
        queue = resources[attribute(source["Queue"])]["Properties"]
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert function["Timeout"] * 6 <= queue["VisibilityTimeout"], name
        assert source["BatchSize"] <= 10, name
        assert 2 <= source["ScalingConfig"]["MaximumConcurrency"] <= 20, name


def test_whoever_asks_the_payment_provider_has_time_for_no_answer(resources: Resources) -> None:
    from chalicelib.payments.keyring import LONGEST_READ
    from chalicelib.payments.stripe_gateway import LONGEST_QUESTION

    for name in ASK_STRIPE:
        assert functions(resources)[name]["Timeout"] > LONGEST_READ + 2 * LONGEST_QUESTION + 1, name


def test_every_queue_has_dead_letters_that_someone_is_told_of(resources: Resources) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    watched = {
        attribute(dimension["Value"])
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "QueueName"
    }
    for name, queue in queues.items():
        if "DeadLetters" in name:
            assert name in watched
            assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        else:
            assert attribute(queue["RedrivePolicy"]["deadLetterTargetArn"]) in queues
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_changes_wait_for_days_for_a_search_engine_that_is_down(resources: Resources) -> None:
    queue = resources["CatalogSearchQueue"]["Properties"]
    days = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] / (24 * 3600)
    assert days > 3
    assert queue["MessageRetentionPeriod"] / (24 * 3600) > days
    late = resources["SearchIsLate"]["Properties"]
    assert attribute(late["Dimensions"][0]["Value"]) == "CatalogSearchQueue"


def test_rules_send_each_consumer_exactly_the_events_it_handles(resources: Resources) -> None:
    from importlib import import_module

    wanted = {}
    for module in ("catalog", "orders", "payments", "logistics"):
        consumers = import_module(f"chalicelib.{module}.consumers").consumers
        wanted |= {name: consumers.pattern(name) for name in consumers.handled}
    by_queue = {
        attribute(target["Arn"]): rule
        for rule in of_type(resources, "AWS::Events::Rule").values()
        for target in rule["Targets"]
    }
    for name, pattern in wanted.items():
        rule = by_queue["".join(part.capitalize() for part in name.split("_")) + "Queue"]
        assert normal(rule["EventPattern"]) == normal(pattern)
        assert rule["EventBusName"] == {"Ref": "ShopBus"}


def test_a_rule_has_dead_letters_and_the_right_to_send(resources: Resources) -> None:
    policies = {
        attribute(statement["Resource"]): statement
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
    }
    for name, rule in of_type(resources, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert attribute(target["DeadLetterConfig"]["Arn"]) == "RulesDeadLetters"
            allowed = policies[attribute(target["Arn"])]
            assert attribute(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == name
    assert "RulesDeadLetters" in policies


def test_every_table_can_be_brought_back_and_tells_the_relay(resources: Resources) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert len(tables) == len(API_MODULES)
    for name, table in tables.items():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
        assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"
    streams = [event["Properties"] for event in functions(resources)["AdminRelay"]["Events"].values()]
    assert {attribute(stream["Stream"]) for stream in streams} == set(tables)
    for stream in streams:
        assert stream["BisectBatchOnFunctionError"] is True
        assert attribute(stream["DestinationConfig"]["OnFailure"]["Destination"]) == "RelayDeadLetters"
        assert "OUTBOX#" in stream["FilterCriteria"]["Filters"][0]["Pattern"]


def test_every_function_has_its_own_role_memory_and_timeout(resources: Resources) -> None:
    roles = [attribute(function["Role"]) for function in functions(resources).values()]
    assert len(set(roles)) == len(roles)
    for name, function in functions(resources).items():
        assert function["MemorySize"] >= 512, name
        assert 0 < function["Timeout"] <= 900, name
        assert len(resources[attribute(function["Role"])]["Properties"]["Policies"]) == 1, name


def test_no_role_may_do_everything_or_touch_everything(resources: Resources) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not any("*" in action for action in actions), name
            assert statement["Resource"] != "*", name


def test_a_modules_role_names_the_tables_it_touches(resources: Resources) -> None:
    touched = {
        "UsersApi": {"UsersTable", "AdminTable"},
        "CatalogApi": {"CatalogTable", "LogisticsTable", "UsersTable", "AdminTable"},
        "OrdersApi": {"OrdersTable", "CatalogTable", "LogisticsTable", "PaymentsTable", "UsersTable", "AdminTable"},
        "PaymentsApi": {"PaymentsTable", "AdminTable"},
        "LogisticsApi": {"LogisticsTable", "PaymentsTable", "AdminTable"},
        "OrdersEvents": {"OrdersTable", "LogisticsTable"},
        "OrdersInvoices": {"OrdersTable", "PaymentsTable"},
        "PaymentsEvents": {"PaymentsTable"},
        "PaymentsWebhooks": {"PaymentsTable"},
        "PaymentsSweep": {"PaymentsTable", "AdminTable"},
        "PaymentsReconcile": {"PaymentsTable", "AdminTable"},
        "PaymentsReconcileNow": {"PaymentsTable", "AdminTable"},
        "OrdersAbandonedCarts": {"OrdersTable", "AdminTable"},
        "OrdersUnpaired": {"OrdersTable", "PaymentsTable", "AdminTable"},
        "OrdersExpire": {"OrdersTable", "LogisticsTable", "PaymentsTable", "AdminTable"},
        "LogisticsEvents": {"LogisticsTable"},
        "LogisticsAllocate": {"LogisticsTable", "AdminTable"},
        "CatalogMedia": {"CatalogTable"},
        "CatalogSales": {"CatalogTable"},
        "CatalogSearch": {"CatalogTable"},
        "CatalogArrange": {"CatalogTable", "AdminTable"},
        "CatalogReindex": {"CatalogTable", "AdminTable"},
        "CatalogFeeds": {"CatalogTable", "LogisticsTable", "AdminTable"},
        "CatalogTurnPrices": {"CatalogTable", "AdminTable"},
        "CatalogCheckIndex": {"CatalogTable", "AdminTable"},
        "CatalogCheckIndexNow": {"CatalogTable", "AdminTable"},
        "CatalogImports": {"CatalogTable", "LogisticsTable", "AdminTable"},
        "CatalogImportFile": {"CatalogTable", "LogisticsTable", "AdminTable"},
    }
    for name, tables in touched.items():
        policy = json.dumps(resources[f"{name}Role"]["Properties"]["Policies"])
        assert {table for table in of_type(resources, "AWS::DynamoDB::Table") if table in policy} == tables, name


def test_consumers_may_read_their_own_queue(resources: Resources) -> None:
    for name, _, source in consumers(resources):
        statements = resources[f"{name}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        mine = [s for s in statements if "sqs:ReceiveMessage" in s["Action"]]
        assert [s["Resource"] for s in mine] == [[source["Queue"]]], name
        needed = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
        assert needed <= set(mine[0]["Action"])


def test_the_relay_may_read_the_streams_it_is_given(resources: Resources) -> None:
    streams = [event["Properties"]["Stream"] for event in functions(resources)["AdminRelay"]["Events"].values()]
    statements = resources["AdminRelayRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (reading,) = [s for s in statements if "dynamodb:GetRecords" in s["Action"]]
    assert {"dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:ListStreams"} <= set(reading["Action"])
    assert all(stream in reading["Resource"] for stream in streams)


def test_each_path_leads_to_the_function_of_its_module(resources: Resources) -> None:
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    led = {
        (path, method): operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "options"
    }
    assert "${OrdersApi.Arn}" in led["/carts/{cart_id}/checkout", "post"]
    assert "${CatalogApi.Arn}" in led["/search", "get"]
    assert "${PaymentsApi.Arn}" in led["/payments/{payment_id}", "get"]
    assert not any("APIHandler" in uri for uri in led.values())
    for module in API_MODULES:
        name = function_name(module)
        assert functions(resources)[name]["Environment"]["Variables"]["MODULES"] == module
        assert resources[f"{name}Permission"]["Properties"]["FunctionName"] == {"Ref": name}


def test_only_functions_that_ask_the_payment_provider_may_read_its_keys(resources: Resources) -> None:
    allowed = [
        (name, statement["Action"], statement["Resource"])
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    reading = {
        (name, action): what
        for name, actions, what in allowed
        for action in ([actions] if isinstance(actions, str) else actions)
        if fnmatch("secretsmanager:GetSecretValue", action) or action.startswith("secretsmanager:")
    }
    secret = {"Fn::GetAtt": ["StripeSecret", "Id"]}
    assert reading == {(f"{name}Role", "secretsmanager:GetSecretValue"): [secret] for name in ASK_STRIPE}
    for name, function in functions(resources).items():
        assert attribute(function["Role"]) == f"{name}Role"
    assert not any("ManagedPolicyArns" in role for role in of_type(resources, "AWS::IAM::Role").values())
    assert not of_type(resources, "AWS::SecretsManager::ResourcePolicy")


def test_no_key_is_in_an_environment_or_a_parameter(template: dict[str, Any], resources: Resources) -> None:
    secretive = {
        (name, json.dumps(value))
        for function in (template["Globals"]["Function"], *functions(resources).values())
        for name, value in function.get("Environment", {}).get("Variables", {}).items()
        if re.search("key|secret|token|password", f"{name} {value}", re.IGNORECASE)
    }
    assert secretive == {("STRIPE_SECRET_ID", '{"Fn::GetAtt": ["StripeSecret", "Id"]}')}
    for name, parameter in template["Parameters"].items():
        assert "NoEcho" not in parameter, name
        assert not re.search("key|secret", name, re.IGNORECASE), name
    assert "{{resolve:" not in json.dumps(template)


def test_a_deployment_leaves_the_keys_as_they_are(resources: Resources) -> None:
    secret = resources["StripeSecret"]
    assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    # What CloudFormation does not find changed it does not write, and another name would be another secret.
    assert secret["Properties"]["SecretString"] == "{}"
    assert "Name" not in secret["Properties"]


def test_the_books_are_compared_every_day_and_who_asks_for_it_or_has_no_time_left_may_queue_it(
    resources: Resources,
) -> None:
    (nightly,) = functions(resources)["PaymentsReconcile"]["Events"].values()
    assert (nightly["Type"], nightly["Properties"]) == ("Schedule", {"Schedule": "cron(15 4 * * ? *)"})
    queue = {"Fn::GetAtt": ["PaymentsReconcileNowQueue", "Arn"]}
    for name in ("PaymentsApi", "PaymentsReconcile", "PaymentsReconcileNow"):
        statements = resources[f"{name}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        assert queue in [arn for s in statements if "sqs:SendMessage" in s["Action"] for arn in s["Resource"]], name
    alarm = resources["ReconciliationFails"]["Properties"]
    assert (alarm["Dimensions"][0]["Value"], alarm["Threshold"]) == ({"Ref": "PaymentsReconcile"}, 1)
    for name in ("PaymentsReconcile", "PaymentsReconcileNow"):
        assert functions(resources)[name]["Timeout"] == 900  # as consumers.py says


def test_the_clock_asks_for_feeds_every_night_until_they_are_made(resources: Resources) -> None:
    (nightly,) = functions(resources)["CatalogFeeds"]["Events"].values()
    assert (nightly["Type"], nightly["Properties"]) == ("Schedule", {"Schedule": "cron(0/15 3-5 * * ? *)"})
    assert functions(resources)["CatalogFeeds"]["Timeout"] <= 900
    statements = resources["CatalogFeedsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (files,) = [s for s in statements if "s3:PutObject" in s["Action"]]
    assert files["Resource"] == {"Fn::Sub": "${MediaBucket.Arn}/feeds/*"}
    assert {"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"} <= set(files["Action"])


def test_a_link_to_a_feed_is_one_that_its_signer_may_follow(resources: Resources) -> None:
    statements = resources["CatalogApiRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    reading = [s["Resource"] for s in statements if "s3:GetObject" in s["Action"]]
    assert {"Fn::Sub": "${MediaBucket.Arn}/feeds/*"} in reading


def test_parts_of_files_that_nobody_finished_are_removed(resources: Resources) -> None:
    rules = resources["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (unfinished,) = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    # Longer than feed_making.py goes on with what was begun.
    assert (unfinished["Prefix"], unfinished["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]) == ("", 7)


def test_every_function_knows_where_the_storefront_is(resources: Resources, template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    asked = {"SHOP_URL": "ShopUrl", "PRODUCT_PATH": "ProductPath", "CATEGORY_PATH": "CategoryPath"}
    asked["LOCALE_PREFIX"] = "LocalePrefix"
    assert {name: variables[name] for name in asked} == {name: {"Ref": value} for name, value in asked.items()}
    patterns = {name: template["Parameters"][name]["AllowedPattern"] for name in asked.values()}
    for name, good, bad in (
        ("ShopUrl", ["", "https://shop.example", "http://127.0.0.1:3000/uk/"], ["shop.example", "https://a/?b=1"]),
        ("ProductPath", ["/products/{handle}", "/p?h={handle}"], ["", "/products", "products/{handle}"]),
        ("CategoryPath", ["", "/c/{category}"], ["/c", "/c/{handle}"]),
        ("LocalePrefix", ["", "/{locale}"], ["/", "{locale}"]),
    ):
        assert all(re.search(patterns[name], value) for value in good)
        assert not any(re.search(patterns[name], value) for value in bad)


def test_staff_and_customers_paths_are_behind_their_pools(resources: Resources) -> None:
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    for name, pool in (("staff", "StaffPool"), ("customers", "CustomerPool")):
        authorizer = body["securityDefinitions"][name]["x-amazon-apigateway-authorizer"]
        assert authorizer["providerARNs"] == [{"Fn::GetAtt": [pool, "Arn"]}]
    for path, methods in body["paths"].items():
        behind = None
        if path.startswith("/admin/") and "/auth/" not in path:
            behind = [{"staff": []}]
        if path == "/me" or path.startswith("/me/"):
            behind = [{"customers": []}]
        for method, operation in methods.items():
            assert operation.get("security") == (behind if method != "options" else None), path


def test_a_password_is_as_long_as_the_customers_pool_asks(resources: Resources) -> None:
    from msgspec import inspect

    from chalicelib.users.schemas import NewPassword

    policy = resources["CustomerPool"]["Properties"]["Policies"]["PasswordPolicy"]
    wanted = inspect.type_info(NewPassword)
    assert isinstance(wanted, inspect.StrType)
    assert policy == {"MinimumLength": wanted.min_length} | {
        f"Require{kind}": False for kind in ("Lowercase", "Numbers", "Symbols", "Uppercase")
    }


def test_only_checked_pictures_can_be_read_and_only_through_the_cdn(resources: Resources) -> None:
    bucket = resources["MediaBucket"]["Properties"]
    public = {"Fn::If": ["IsLocal", False, True]}
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": public,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": public,
    }
    opened = {
        name: (resource["Condition"], statement["Principal"], statement["Action"], statement["Resource"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::S3::BucketPolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    }
    media = {"Fn::Sub": "${MediaBucket.Arn}/media/*"}
    assert opened == {
        "MediaPolicy": ("HasCdn", {"Service": "cloudfront.amazonaws.com"}, "s3:GetObject", media),
        "LocalMediaPolicy": ("IsLocal", "*", "s3:GetObject", media),
    }


def test_what_waits_for_its_check_or_its_review_does_not_stay(resources: Resources) -> None:
    from chalicelib.catalog import storage
    from chalicelib.catalog.media import media

    rules = {rule["Prefix"]: rule for rule in resources["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert (rules["uploads/"]["ExpirationInDays"], "TagFilters" in rules["uploads/"]) == (1, False)
    name, _, value = storage._UNCLAIMED.partition("=")
    assert rules["media/"]["TagFilters"] == [{"Key": name, "Value": value}]
    assert rules["media/"]["ExpirationInDays"] == media.UNCLAIMED_KEPT.days


def test_every_role_is_a_group_of_the_staff_pool(resources: Resources) -> None:
    from chalicelib.core.staff import ROLES

    groups = of_type(resources, "AWS::Cognito::UserPoolGroup").values()
    assert {group["GroupName"] for group in groups} == set(ROLES)
    assert all(group["UserPoolId"] == {"Ref": "StaffPool"} for group in groups)


def test_the_stack_has_room_to_grow(resources: Resources) -> None:
    events = sum(len(function.get("Events", {})) for function in functions(resources).values())
    assert len(resources) + events < 350


def test_cfn_lint_finds_nothing(template: dict[str, Any]) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    file = ROOT / ".local" / "package" / "template.json"
    done = subprocess.run([linter, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_invoices_can_be_read_only_by_who_writes_and_who_shows_them(resources: Resources) -> None:
    may = {
        name: set(statement["Action"])
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
        if "/invoices/" in json.dumps(statement["Resource"])
    }
    assert may == {"OrdersInvoicesRole": {"s3:GetObject", "s3:PutObject"}, "OrdersApiRole": {"s3:GetObject"}}
    rules = resources["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not any(rule["Prefix"].startswith("invoices") and "ExpirationInDays" in rule for rule in rules)
    for name, function in functions(resources).items():
        if name == "OrdersInvoices":
            (source,) = function["Events"].values()
            assert source["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 2}
