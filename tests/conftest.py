"""What every test stands on: the environment of a function, and no network but this machine."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from machine import ROOT, free_port

BUCKET = "media"
MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")


SEARCH_PORT = free_port()
for name in [key for key in os.environ if key.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    {
        f"TABLE_{module}": f"test-{module.lower()}"
        for module in ["USERS", "CATALOG", "ORDERS", "PAYMENTS", "LOGISTICS", "ADMIN"]
    },
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    CUSTOMER_CLIENT_ID="customer-client",
    CUSTOMER_POOL_ID="customer-pool",
    EVENT_BUS="shop",
    IMPORT_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/imports",
    MEDIA_BUCKET=BUCKET,
    OPENSEARCH_SIGNED="false",
    OPENSEARCH_URL=f"http://127.0.0.1:{SEARCH_PORT}",
    SHOP_CURRENCY="EUR",
    STAFF_CLIENT_ID="client",
    STAFF_POOL_ID="pool",
    STRIPE_API_KEY="sk_test_shop",
    STRIPE_WEBHOOK_SECRET="whsec_test",
    WEBHOOK_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/webhooks",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip that nobody sees is a hole: say how many there were, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)})
    terminalreporter.write_line(f"{len(skipped)} tests were skipped" + "".join(f"\n  {reason}" for reason in reasons))


@pytest.fixture(scope="session")
def search_engine() -> Iterator[str]:
    """The search engine of the local stack, on a port of its own."""
    found = sorted((ROOT / ".local" / "emulators").glob("lib/python3.*/site-packages/osmem_server/bin/osmem-server"))
    assert found, "install the emulators first: make test does, or python -m infra.local install"
    command = [found[0], "-addr", f"127.0.0.1:{SEARCH_PORT}", "-parent-pid", str(os.getpid()), "-no-stdin-watch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.readline()  # it says when it is ready
    yield f"http://127.0.0.1:{SEARCH_PORT}"
    process.terminate()
    process.wait()
    process.stdout.close()
