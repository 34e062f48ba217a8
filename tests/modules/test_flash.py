"""What `make bench-flash` does at full size on a stack: here with few buyers, one after the other."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop

from bench import flash
from chalicelib.core import clock


@pytest.fixture
def sale(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that has to pass until everybody knows of the sale passes at once; lists how long that was."""
    real, waited = clock.now, [0.0]
    monkeypatch.setattr(flash, "AT_ONCE", 1)
    monkeypatch.setattr(flash.time, "sleep", waited.append)
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=sum(waited)))
    return waited


def hold(shop: Shop, buyers: int, pieces: int, shards: int) -> flash.Outcome:
    guest: Any = shop.guest
    staff: Any = shop.staff
    sku = flash.offer(staff, pieces, shards)
    ready = flash.gather(guest, sku, buyers)
    flash.start(staff, sku, ready[0])
    return flash.rush(ready, staff, sku)


def test_a_flash_sale_sells_what_is_there_and_tells_the_others(shop: Shop, sale: list[float]) -> None:
    outcome = hold(shop, 20, 15, 4)
    assert (outcome.by_stock, outcome.by_orders, outcome.left) == (15, 15, 0)
    assert outcome.told == Counter({"sold": 15, "out_of_stock": 5})
    assert sum(sale) > 60


def test_a_flash_sale_with_enough_for_everybody_leaves_the_rest(shop: Shop, sale: list[float]) -> None:
    outcome = hold(shop, 3, 5, 2)
    assert (outcome.by_stock, outcome.by_orders, outcome.left) == (3, 3, 2)
