"""The demo catalogue goes into a shop in an order that holds however long the shop takes to answer."""

import threading
from typing import cast

from infra.local import seed
from infra.local.client import Api, Json


class SlowToAnswer:
    """A shop that answers about its first product last of all, and takes a bundle only once its parts are there."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.products = 0
        self.refused: list[str] = []
        self.quiet = threading.Condition()

    def put(self, path: str, body: Json) -> Json:
        return {}

    def post(self, path: str, body: Json) -> Json:
        skus = {variant["sku"] for variant in body["variants"]}
        parts = {part for variant in body["variants"] for part in variant.get("components", {})}
        with self.quiet:
            self.products += 1
            if self.products == 1:
                self.quiet.wait_for(lambda: self.refused, timeout=1)
            elif not parts <= self.answered:
                self.refused.append(body["handle"])
                self.quiet.notify_all()
            self.answered |= skus
        return {}

    def get(self, path: str) -> Json:
        return {"total": self.products}


def test_a_bundle_comes_after_its_parts_though_one_of_them_is_answered_late() -> None:
    shop = SlowToAnswer()

    count = seed.seed(cast(Api, shop), lambda _: None)

    assert shop.refused == []
    assert count == shop.products > 60
