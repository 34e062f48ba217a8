"""Seeds that everybody plays before changing anything; `make storm` plays more."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.storm import planted
from tests.storm.run import run
from tests.storm.stage import ROOT
from tests.storm.weather import ANY, EVENTS, READS, WRITES

_CHUNK = 10
# Ten seeds in which none of this happens prove nothing about it.
_HAPPENS = (
    *(f"<- {strike}" for strike in (*ANY, *READS, *WRITES, *EVENTS)),
    *(f"webhook payment_intent.{change} -> 200" for change in ("amount_capturable_updated", "succeeded", "canceled")),
    *(f"stripe POST /v1/{thing}" for thing in ("payment_intents", "payment_intents/pi_000001/capture", "refunds")),
    *(
        f" {function} "
        for function in ("orders_expire", "orders_events", "orders_invoices", "payments_webhooks", "logistics_events")
    ),
    "stripe GET /v1/balance_transactions",
    "OrderExpired",
    "PutEvents OrderAmended",
    "PutEvents ReturnReceived",
    "DisputeClosed",
    " gift cards",
)


@pytest.mark.parametrize("first", range(1, 51, _CHUNK))
def test_whatever_the_weather_the_shop_is_sound(first: int) -> None:
    outcomes = [run(seed) for seed in range(first, first + _CHUNK)]
    assert {outcome.seed: outcome.violations for outcome in outcomes if outcome.violations} == {}
    assert sum(outcome.orders for outcome in outcomes) > _CHUNK
    happened = "\n".join(line for outcome in outcomes for line in outcome.trace)
    assert [what for what in _HAPPENS if what not in happened] == []
    # Of a return either comes about more often.
    assert "PutEvents ReturnRefunded" in happened or "PutEvents ReturnExchanged" in happened


@pytest.mark.parametrize("bug", planted.BUGS, ids=lambda bug: bug.__name__)
def test_the_storm_finds_a_planted_bug(bug: Any) -> None:
    with bug():
        assert any(run(seed).violations for seed in range(1, 201))


def test_a_seed_is_the_same_storm_again() -> None:
    """Also in another process, whose sets and dicts have another order."""
    here = run(4)
    assert run(5).digest != here.digest
    assert run(4).digest == here.digest
    command = [sys.executable, "-m", "tests.storm", "--seed", "4", "--trace"]
    there = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert there.stdout.splitlines() == here.trace
