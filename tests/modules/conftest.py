"""An empty shop, in one process, for each test."""

from collections.abc import Iterator

import pytest
from inprocess import Gateway, Shop
from moto import mock_aws


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Two locations, two ways to send things, and nothing to sell."""
    from chalicelib.core import cache

    cache.forget()
    with mock_aws():
        shop = Shop()
        shop.create_tables()
        shop.open()
        yield shop
    cache.forget()


@pytest.fixture
def staff(shop: Shop) -> Gateway:
    return shop.staff


@pytest.fixture
def guest(shop: Shop) -> Gateway:
    return shop.guest
