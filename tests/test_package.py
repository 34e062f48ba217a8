"""The package that is deployed: all that its functions load, and little else."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import package
from infra.package import ROOT

pytestmark = pytest.mark.xdist_group("package")


@pytest.fixture(scope="session")
def packaged() -> Path:
    return package.package(ROOT / ".local" / "package").with_name("deployment.zip")


# What stripe-python loads only once it is used.
_USES_STRIPE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import stripe
from chalicelib.payments import stripe_gateway
client = stripe.StripeClient("sk_test_1", base_addresses={"api": "http://127.0.0.1:9"}, max_network_retries=0)
for call in (client.v1.payment_intents.create, client.v1.refunds.list, client.v1.payment_intents.cancel):
    try:
        call(*(["pi_1"] if call.__name__ == "cancel" else [{"amount": 1, "currency": "eur"}]))
    except stripe.APIConnectionError:
        pass
for kind in ("payment_intent", "refund", "list", "charge", "dispute"):
    event = {"object": "event", "type": "x", "data": {"object": {"object": kind, "data": []}}}
    stripe.Event.construct_from(event, "sk_test_1").data.object.to_dict()
print(stripe.__file__, stripe.__cached__)
"""


def test_the_package_has_all_that_stripe_loads(packaged: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(packaged).extractall(tmp_path)
    environment = package.environment()
    command = [sys.executable, "-I", "-S", "-c", _USES_STRIPE, tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))


def test_no_cold_start_compiles_anything(packaged: Path) -> None:
    """All sources have bytecode of the functions' Python, which is not compared with the sources' times (PEP 552)."""
    archive = zipfile.ZipFile(packaged)
    names = set(archive.namelist())
    for source in (name for name in names if name.endswith(".py")):
        compiled = importlib.util.cache_from_source(source, optimization="")
        assert archive.read(compiled)[:8] == importlib.util.MAGIC_NUMBER + b"\1\0\0\0", source


def test_the_package_holds_what_functions_need_and_little_else(packaged: Path) -> None:
    names = zipfile.ZipFile(packaged).namelist()
    assert packaged.stat().st_size < 18_000_000
    assert {"app.py", "chalicelib/admin/openapi.json", "chalicelib/orders/checkout.py"} <= set(names)
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == {"cognito-idp", "dynamodb", "events", "s3", "secretsmanager", "sqs", "sts"}
    assert not any(name.startswith(("moto/", "tests/", "infra/")) for name in names)


# Without Pillow, which ReportLab asks for and the package leaves out.
_PRINTS = """
import sys
sys.path.insert(0, sys.argv[1])
import msgspec
from chalicelib.orders.invoices import invoice_pdf
from chalicelib.orders.invoices.invoice_content import Content
for language in ("en", "de", "nl", "fr", "zh"):
    content = msgspec.json.decode(sys.argv[2].replace("LANGUAGE", language), type=Content)
    assert invoice_pdf.render(content).startswith(b"%PDF")
assert "PIL" not in sys.modules
print(sys.modules["reportlab"].__file__, sys.modules["babel"].__file__)
"""


def test_the_package_has_all_that_an_invoice_needs(packaged: Path, tmp_path: Path) -> None:
    address = {"name": "王小明 안녕 Ωμ", "line1": "1", "city": "X", "country": "NL"}
    tax = {"name": "VAT", "rate": "19", "included": True, "kind": "export", "base": 1, "amount": 0}
    line = {"kind": "item", "sku": "A", "title": "A 茶", "quantity": 1, "unit_price": 1, "total": 1, "to_pay": 1}
    content = {
        **dict.fromkeys(("issued_on", "ordered_on"), "2026-01-01"),
        "kind": "invoice",
        "number": "INV-2026-000001",
        "order_id": "ord_1",
        "order_number": "1",
        "currency": "EUR",
        "language": "LANGUAGE",
        "seller": {"address": address},
        "buyer": {"email": "a@b.example"},
        "lines": [line | {"taxes": [tax]}],
        "taxes": [tax],
        "total": 1,
    }
    zipfile.ZipFile(packaged).extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-c", _PRINTS, str(tmp_path), json.dumps(content)]
    done = subprocess.run(command, env=package.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(tmp_path)) == 2
