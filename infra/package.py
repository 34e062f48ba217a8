"""Package the shop: Chalice's template merged with resources.yaml, its one API function split into one per module.

    python -m infra.package OUT

leaves OUT/template.json and OUT/deployment.zip. Nothing is done if neither code nor templates changed since last time.
"""

import copy
import hashlib
import importlib.util
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
STAGE = "shop"
API_MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")
Template = dict[str, Any]

# What the dependencies bring along and no function needs at run time. botocore describes every AWS service; the shop
# calls these. opensearch-py imports its protobuf client only for gRPC, which is not used. Two thirds of Stripe's files
# are types of parameters, for type checkers only, and classes of its v2 events, which the shop does not take; nor does
# it manage money there or need help for tests. Of Babel's hundreds of languages invoices are written in five; of
# ReportLab neither charts nor its own fonts are used, nor Pillow, which it has for pictures. python-stdnum's lists are
# of makers of network cards and the like.
_SERVICES = ("cognito-idp", "dynamodb", "events", "s3", "secretsmanager", "sqs", "sts")
_UNUSED = re.compile(
    r"^(grpc|grpcio|google|protobuf|opensearch_protobufs|grpc_tools|pip|setuptools|wheel|bin|boto3/examples|boto3/data)(/|[-_])"
    r"|^stripe/(params|events|test_helpers|v2/money_management)/|^(PIL|pillow|pillow\.libs|reportlab/(fonts|graphics))[/-]|^babel/messages/"
    r"|^stdnum/.*\.dat$|^babel/locale-data/(?!(root|de|en|fr|nl|zh|zh_Hans|zh_Hans_CN)\.dat$)|/tests?/|\.dist-info/(?!METADATA|entry_points|LICEN)|\.pyc$|\.pyi$"
)


class PackagingError(Exception):
    """Packaging failed; the message says at what and what to do."""


def package(out: Path) -> Path:
    """Write template.json and deployment.zip into `out` and return the template's path."""
    out.mkdir(parents=True, exist_ok=True)
    template_path, mark = out / "template.json", out / "sources.sha256"
    sources = fingerprint()
    if template_path.exists() and mark.exists() and mark.read_text() == sources:
        return template_path
    mark.unlink(missing_ok=True)
    _chalice_package(out / "chalice")
    merged = yaml.safe_load((out / "chalice" / "sam.yaml").read_text())
    template = split_api(merged, module_of_paths())
    prune(out / "chalice" / "deployment.zip", out / "deployment.zip")
    point_code_to(template, "deployment.zip")
    template_path.write_text(json.dumps(template, indent=1, sort_keys=True))
    mark.write_text(sources)
    return template_path


def fingerprint() -> str:
    """A hash over everything that goes into the package."""
    digest = hashlib.sha256()
    files = [ROOT / "app.py", ROOT / "requirements.txt", Path(__file__), ROOT / "infra" / "resources.yaml"]
    files += sorted((ROOT / ".chalice").glob("*.json"))
    files += sorted(p for p in (ROOT / "chalicelib").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    for path in files:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """A value for every variable that the template sets: importing the app proves that none is missing from it."""
    variables = _resources()["Globals"]["Function"]["Environment"]["Variables"]
    return dict.fromkeys(variables, "packaged") | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


def module_of_paths() -> dict[tuple[str, str], str]:
    """Which module answers each (path, method): views are named `module.function`."""
    return {
        (path, method.lower()): entry.view_name.partition(".")[0]
        for path, methods in load_app().routes.items()
        for method, entry in methods.items()
    }


def load_app() -> Any:
    """The Chalice app, imported with the variables that the template sets."""
    os.environ.update({name: os.environ.get(name, value) for name, value in environment().items()})
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from app import app

    return app


def split_api(template: Template, modules: dict[tuple[str, str], str]) -> Template:
    """Replace the one API function by one per module, each with its own role, and lead each path to its module's."""
    template = copy.deepcopy(template)
    resources = template["Resources"]
    handler = resources.pop("APIHandler")
    resources.pop("APIHandlerInvokePermission")
    role = resources.pop(handler["Properties"]["Role"]["Fn::GetAtt"][0])
    for name in ("APIHandlerName", "APIHandlerArn"):
        template["Outputs"].pop(name)
    for module in sorted(set(modules.values())):
        resources.update(_api_function(module, handler, role))
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if method != "options":
                _lead_to(operation, modules[path, method])
    definitions = body.get("securityDefinitions", {})
    for authorizer, pool in (("staff", "StaffPool"), ("customers", "CustomerPool")):
        definitions[authorizer]["x-amazon-apigateway-authorizer"]["providerARNs"] = [{"Fn::GetAtt": [pool, "Arn"]}]
    _answer_for_the_gateway(template)
    return template


def function_name(module: str) -> str:
    """The logical name of a module's API function."""
    return f"{module.capitalize()}Api"


def _api_function(module: str, handler: Template, role: Template) -> dict[str, Template]:
    name = function_name(module)
    function, its_role = copy.deepcopy(handler), copy.deepcopy(role)
    properties = function["Properties"]
    properties["Role"] = {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    properties.setdefault("Environment", {}).setdefault("Variables", {})["MODULES"] = module
    policy = json.loads((ROOT / ".chalice" / f"policy-{module}-api.json").read_text())
    its_role["Properties"]["Policies"] = [{"PolicyName": f"{name}Policy", "PolicyDocument": policy}]
    source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}/*"
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Ref": name},
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": source},
        },
    }
    return {name: function, f"{name}Role": its_role, f"{name}Permission": permission}


def _lead_to(operation: Template, module: str) -> None:
    uri = operation["x-amazon-apigateway-integration"]["uri"]
    uri["Fn::Sub"] = uri["Fn::Sub"].replace("${APIHandler.Arn}", f"${{{function_name(module)}.Arn}}")


# What API Gateway says by itself, in the shop's own words: type -> (status, code).
_GATEWAY_ANSWERS = {
    "UNAUTHORIZED": (401, "unauthorized"),
    "ACCESS_DENIED": (403, "forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "REQUEST_TOO_LARGE": (413, "too_large"),
    "THROTTLED": (429, "too_many_requests"),
    "INTEGRATION_TIMEOUT": (504, "timeout"),
    "DEFAULT_4XX": (None, "refused"),
    "DEFAULT_5XX": (None, "unavailable"),
}


def _answer_for_the_gateway(template: Template) -> None:
    """Problem+json with CORS for errors that never reach a function.

    AWS takes them from the API's definition. ministack reads only resources of their own, which on AWS would come too
    late for the deployment: hence the condition.
    """
    definition = {}
    for kind, (status, code) in _GATEWAY_ANSWERS.items():
        body = f'{{"status": {status or 0}, "code": "{code}", "detail": $context.error.messageString}}'
        if status is None:
            body = f'{{"code": "{code}", "detail": $context.error.messageString}}'
        headers = {
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
        }
        answer: Template = {"responseParameters": headers, "responseTemplates": {"application/json": body}}
        if status is not None:
            answer["statusCode"] = str(status)
        definition[kind] = answer
        properties: Template = {
            "RestApiId": {"Ref": "RestAPI"},
            "ResponseType": kind,
            "ResponseParameters": headers,
            "ResponseTemplates": {"application/json": body},
        }
        if status is not None:
            properties["StatusCode"] = str(status)
        name = "Local" + "".join(part.capitalize() for part in kind.split("_"))
        template["Resources"][name] = {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Condition": "IsLocal",
            "Properties": properties,
        }
    template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"] = (
        definition
    )


def point_code_to(template: Template, where: str) -> None:
    """Let every function's code be `where`: a path or an s3:// address."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = where


def prune(source: Path, target: Path) -> None:
    """Copy the package without what no function needs, and with bytecode; always the same bytes for the same files.

    A function's code is read-only, so without bytecode each cold start would compile every module that it imports:
    two thirds of its time.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            if _needed(name):
                content = old.read(name)
                _store(new, name, content)
                if name.endswith(".py"):
                    _store(new, importlib.util.cache_from_source(name, optimization=""), _bytecode(content, name))


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _bytecode(source: bytes, name: str) -> bytes:
    """A .pyc that is believed without a look at its source (PEP 552, unchecked hash): its time is not kept in a zip."""
    code = compile(source, f"/var/task/{name}", "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source) + marshal.dumps(code)


def _needed(name: str) -> bool:
    if name.startswith("botocore/data/"):
        parts = name.split("/")
        return len(parts) == 3 or parts[2] in _SERVICES
    return not _UNUSED.search(name)


def _chalice_package(out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    chalice = Path(sys.executable).with_name("chalice")
    command: list[str | Path] = [
        chalice,
        "package",
        "--stage",
        STAGE,
        "--merge-template",
        "infra/resources.yaml",
        "--template-format",
        "yaml",
        out,
    ]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment()}, capture_output=True, text=True)
    if done.returncode:
        log = out.with_name("chalice.log")
        log.write_text(done.stdout + done.stderr)
        last = log.read_text().strip().rpartition("\n")[2]
        raise PackagingError(f"chalice could not package the functions ({last}); check the network, then {log}")


def _resources() -> Template:
    loaded: Template = yaml.safe_load((ROOT / "infra" / "resources.yaml").read_text())
    return loaded


if __name__ == "__main__":
    print(package(Path(sys.argv[1])))
