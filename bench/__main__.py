"""python -m bench [--quick] [--write]: measure the shop against its budgets.

Prints a table, then one line of JSON. --write makes docs/performance.md of the same figures.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import dynamodb_local, imports, lists, order, pages, report, search
from bench.figures import Section, skipped
from bench.server import Missing
from infra.package import ROOT

if TYPE_CHECKING:
    from strict_stripe import StripeServer

DOCUMENT = ROOT / "docs" / "performance.md"


def main(quick: bool, write: bool) -> None:
    from environment import become_a_function
    from machine import free_port

    engine_port = free_port()
    become_a_function(engine_port)
    sections = [imports.measure(rounds=3 if quick else 15)]
    with ExitStack() as stack:
        lacking = ""
        try:
            port = free_port()
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = stack.enter_context(dynamodb_local.running(port, _say))
        except Missing as missing:
            lacking = f"{missing}: capacity is counted on DynamoDB Local"
            _say(lacking)
        sections += _in_one_process(lacking, 2_000 if quick else 100_000)
        with _shop():  # whose settings, categories and synonyms a search looks at
            sections.append(search.measure(engine_port, 2_000 if quick else 20_000, 3 if quick else 9, _say))
    print(report.as_text(sections))
    print(f"\n{report.summary(sections)}")
    if write:
        DOCUMENT.write_text(report.as_markdown(sections, "make bench" if not quick else "python -m bench --quick"))
        print(f"written: {DOCUMENT.relative_to(ROOT)}")
    print(report.as_json(sections))


def _in_one_process(lacking: str, many: int) -> Iterator[Section]:
    with _shop() as shop:
        _say("counting requests")
        for handle in ("mug", "bowl", "plate"):
            shop.product(handle, stock={"ams": 50, "sha": 50})
        # Locations, shipping options and the order policy are in the function's cache now.
        shop.ready_cart(("MUG", 1))
        shop.staff.get("/admin/order-policy")
        bank = _bank()
        yield pages.measure(shop, bank)
        for method in ("cash_on_delivery", "card"):
            yield order.measure(shop, bank, method, lacking)
    if lacking:
        yield skipped("Lists", lists.NAMES, lacking)
        return
    with _shop() as shop:
        _say(f"filling lists with {many:,} items")
        yield lists.measure(shop, many)


@contextmanager
def _shop() -> Iterator[Any]:
    """An empty shop in this process, on DynamoDB Local if that runs and on moto for everything else."""
    import boto3
    from inprocess import Shop
    from moto import mock_aws

    from chalicelib.core import cache
    from chalicelib.core.settings import settings

    cache.forget()
    with mock_aws(), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # the functions' logs
        boto3.client("events").create_event_bus(Name=settings.event_bus)
        shop = Shop()
        shop.create_tables()
        shop.open()
        yield shop
        for table in settings.tables.values():
            shop.dynamodb.delete_table(TableName=table)


def _bank() -> "StripeServer":
    """The strict Stripe of the tests, and the shop talks to it."""
    from strict_stripe import StripeServer

    from chalicelib.core import clock
    from chalicelib.payments import stripe_gateway

    bank = StripeServer(lambda: clock.now().timestamp())
    client = bank.client(stripe_gateway.API_VERSION, retries=0)
    stripe_gateway._client = lambda: client
    return bank


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter lists")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    arguments = parser.parse_args()
    main(arguments.quick, arguments.write)
