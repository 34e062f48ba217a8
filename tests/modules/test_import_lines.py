"""The shop's own file of products, JSON Lines, and what any import costs, however long its file is."""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.client
import pytest
from drafts import FULL, bowl, file
from importing import Import
from inprocess import Shop


def test_every_field_of_a_product_comes_in(shop: Shop) -> None:
    report = Import(shop).run(file(FULL, bowl(1)))
    assert (report["status"], report["dialect"]) == ("finished", "jsonl")
    assert [(line["line"], line["handle"], line["outcome"]) for line in report["lines"]] == [
        (1, "mug", "created"),
        (2, "bowl-1", "created"),
    ]
    mug = shop.guest.get("/products/mug")
    assert mug["attributes"] == FULL["attributes"]
    small = mug["variants"][0]
    assert {name: small[name] for name in ("dimensions", "hs_code", "origin", "barcode", "compare_at")} == {
        name: FULL["variants"][0][name] for name in ("dimensions", "hs_code", "origin", "barcode", "compare_at")
    }
    assert shop.stock("MUG-S")["available"] == 4
    assert Import(shop).run(file(FULL, bowl(1)))["counts"]["unchanged"] == 2


@pytest.mark.parametrize(
    ("line", "column", "detail"),
    [
        ('{"handle": "mug", "title": "Mug"}', "/variants", "missing"),
        ('{"handle": "mug", "title": "Mug", "variants": [{"sku": "M", "price": 12}]}', "/variants/0/price", "object"),
        ('{"handle": "../../etc", "title": "Mug", "variants": []}', "/handle", "regex"),
        (json.dumps(bowl(3) | {"colour": "red"}), "/colour", "unknown"),
        (json.dumps(bowl(3) | {"kind": "spaceship"}), "/kind", "spaceship"),
        (json.dumps(bowl(3))[:40], None, "JSON"),
        ('{"handle": ' + "[" * 100_000, None, "JSON"),
        ("[1]", None, "object"),
        ('"mug"', None, "object"),
        ("\0", None, "JSON"),
        ('{"handle": 7}', "/handle", "str"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_line_that_is_no_product_is_named_and_takes_no_other_with_it(
    shop: Shop, line: str, column: str | None, detail: str
) -> None:
    report = Import(shop).run(file(bowl(1)) + line + "\n" + file(bowl(2)))
    assert [entry["outcome"] for entry in report["lines"]] == ["created", "failed", "created"]
    (problem,) = report["lines"][1]["problems"]
    assert problem["line"] == 2
    assert problem["column"] == column or column is None
    assert detail in problem["detail"]


def test_a_line_may_say_that_it_is_a_product(shop: Shop) -> None:
    assert Import(shop).run(file({"kind": "product"} | bowl(1)))["counts"]["created"] == 1


def test_a_line_that_is_much_too_long_is_named(shop: Shop) -> None:
    long = bowl(1) | {"description": "x" * 3_000_000}
    report = Import(shop).run(file(long, bowl(2)))
    assert [entry["outcome"] for entry in report["lines"]] == ["failed", "created"]
    assert "bytes" in report["lines"][0]["problems"][0]["detail"]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    calls: list[tuple[str, Any]] = []
    real = botocore.client.BaseClient._make_api_call

    def call(client: Any, operation: str, request: Any) -> Any:
        calls.append((operation, request))
        return real(client, operation, request)

    with monkeypatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        yield calls


def test_a_product_costs_a_transaction_and_its_share_of_three_reads(shop: Shop, called: list[tuple[str, Any]]) -> None:
    work = Import(shop).upload(file(*(bowl(n) for n in range(30))))
    shop.staff.get("/admin/locations")
    called.clear()
    work.notice()
    names = [name for name, _ in called]
    assert names.count("TransactWriteItems") == 30 + 1  # and one that notes what the file is
    # The products that the handles lead to are none yet.
    assert names.count("BatchGetItem") == 2 * 2
    assert len(names) - 31 - 4 <= 8, names  # the job's states, the file
    called.clear()
    Import(shop).run(file(*(bowl(n) for n in range(30))))
    assert [name for name, _ in called].count("BatchGetItem") == 2 * 3


def test_a_file_is_read_on_from_where_its_job_stands(shop: Shop, called: list[tuple[str, Any]]) -> None:
    from chalicelib.catalog.files import imports

    content = file(*(bowl(n) for n in range(30)))
    work = Import(shop).upload(content)
    looks = iter([False] * 27 + [True])
    imports.run_uploaded(work.key, lambda: next(looks))
    called.clear()
    assert work.notice() == []
    (get,) = [request for name, request in called if name == "GetObject"]
    assert get["Range"] == f"bytes={len(file(*(bowl(n) for n in range(27))))}-"
    assert work.report()["counts"]["created"] == 30
    assert [line["line"] for line in work.report()["lines"]] == list(range(1, 31))


def test_a_file_that_was_replaced_meanwhile_is_not_read_on(shop: Shop) -> None:
    from chalicelib.catalog.files import imports

    work = Import(shop).upload(file(bowl(1), bowl(2)))
    looks = iter([False, True])
    imports.run_uploaded(work.key, lambda: next(looks))
    work.upload(file(bowl(3), bowl(4), bowl(5)))
    assert work.notice() == []
    assert work.report()["status"] == "failed"
    assert "Another file" in work.report()["detail"]
    assert work.report()["counts"]["created"] == 1


def test_reading_takes_the_same_memory_for_any_number_of_products() -> None:
    peak(500)  # what is made once is there now
    few = peak(1_000)
    # What else this process happens to do meanwhile counts too; what grows with the file does so every time.
    assert any(peak(8_000) < few + 300_000 for _ in range(3))


def peak(products: int) -> int:
    """The most memory in bytes that reading so many products takes, with every handle another one."""
    from chalicelib.catalog.files import dialects
    from chalicelib.catalog.files.reading import Shop as For

    def chunks() -> Iterator[bytes]:
        for start in range(0, products, 500):
            yield file(*(bowl(number) for number in range(start, start + 500))).encode()

    form = dialects.recognise(next(chunks()), False)
    to, dialect = For("EUR", datetime(2026, 6, 1, tzinfo=UTC)), dialects.dialect_of(form)
    gc.collect()
    tracemalloc.start()
    read = sum(dialect.read(unit.rows, to).draft is not None for unit in dialects.units(chunks(), form, form.first))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == products
    return most
