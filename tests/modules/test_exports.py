"""The catalogue as a file, and back again without a loss."""

import csv
import io
import json
import urllib.parse
from typing import Any

import boto3
import pytest
from drafts import FULL, bowl, file
from importing import Import
from inprocess import Shop, eur
from refusals import refusal

from chalicelib.core import cache


class Export:
    """A file on its way out of the shop."""

    def __init__(self, shop: Shop, **wanted: Any) -> None:
        self.shop = shop
        self.job = shop.staff.post("/admin/exports", wanted)

    def queued(self) -> list[str]:
        queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/imports"
        found = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", [])]

    def notice(self) -> None:
        from chalicelib.catalog.consumers import catalog_imports

        message = {"detail": {"object": {"key": f"exports/{self.job['id']}"}}}
        assert self.shop.consume(catalog_imports, message) == []

    def show(self) -> dict[str, Any]:
        return self.shop.staff.get(f"/admin/exports/{self.job['id']}")

    def content(self) -> bytes:
        return boto3.client("s3").get_object(Bucket="media", Key=f"exports/{self.job['id']}")["Body"].read()

    def run(self) -> bytes:
        self.notice()
        assert self.show()["status"] == "finished"
        return self.content()


def furnish(shop: Shop) -> None:
    """A shop with something of everything."""
    shop.staff.put("/admin/price-lists/trade", {"name": "Trade", "groups": ["dealers"]})
    shop.staff.put("/admin/attributes/material", {"name": "Material", "facet": True, "type": "text"})
    shop.staff.put("/admin/categories/kitchen", {"name": "Kitchen", "translations": {"de": {"name": "Küche"}}})
    shop.staff.put("/admin/categories/tableware", {"name": "Tableware", "parent": "kitchen"})
    shop.staff.put("/admin/collections/cheap", {"name": "Cheap", "rule": "price < 5", "published": True})
    shop.staff.put("/admin/collections/gifts", {"name": "Gifts", "seo": {"title": "Gifts"}})
    Import(shop).run(file(FULL, bowl(1), bowl(2) | {"status": "archived"}))
    bundle = {"sku": "SET", "price": eur(1500), "components": {"MUG-S": 1, "B1": 2}}
    shop.staff.post("/admin/products", {"handle": "set", "title": "Set", "variants": [bundle]})
    ids = {p["handle"]: p["id"] for p in shop.staff.get("/admin/products")["data"]}
    shop.staff.put("/admin/collections/gifts/products", {"products": [ids["set"], ids["mug"]]})


def empty(shop: Shop) -> None:
    """Make it another shop, in which there is nothing."""
    for name in ("catalog", "logistics", "admin"):
        for item in shop.dynamodb.scan(TableName=f"test-{name}")["Items"]:
            shop.dynamodb.delete_item(TableName=f"test-{name}", Key={key: item[key] for key in ("pk", "sk")})
    cache.forget()
    shop.open()


def test_what_is_exported_and_imported_elsewhere_is_exported_there_the_same(shop: Shop) -> None:
    furnish(shop)
    first = Export(shop).run()
    lines = [json.loads(line) for line in first.splitlines()]
    assert [line.get("kind", line.get("handle")) for line in lines] == [
        *("attribute", "category", "category", "price_list", "collection", "collection"),
        *("mug", "bowl-1", "bowl-2", "set", "chosen"),
    ]
    assert lines[6] == {
        **FULL,
        "description": "<p>Blue</p>",
        "variants": [{k: v for k, v in variant.items() if k != "stock"} for variant in FULL["variants"]],
    }
    empty(shop)
    report = Import(shop).run(first)
    assert report["counts"] == {"created": 11, "updated": 0, "unchanged": 0, "failed": 0, "skipped": 0}
    assert Export(shop).run() == first
    assert Import(shop).run(first)["counts"]["unchanged"] == 11


def test_an_edited_line_changes_its_product_and_no_other(shop: Shop) -> None:
    furnish(shop)
    content = Export(shop).run().decode().replace('"title":"Bowl 1"', '"title":"Bowl One"')
    told = len(shop.events())
    report = Import(shop).run(content)
    assert (report["counts"]["updated"], report["counts"]["unchanged"], report["counts"]["failed"]) == (1, 10, 0)
    assert [line["handle"] for line in report["lines"] if line["outcome"] == "updated"] == ["bowl-1"]
    assert len(shop.events()) == told  # it is a draft
    assert Export(shop).run().decode() == content


def test_a_trial_of_definitions_changes_nothing(shop: Shop) -> None:
    line = json.dumps({"kind": "category", "id": "tea", "name": "Tea"})
    assert Import(shop, dry_run=True).run(line)["counts"]["created"] == 1
    assert shop.guest.get("/categories")["data"] == []
    assert Import(shop).run(line)["counts"]["created"] == 1
    assert [c["name"] for c in shop.guest.get("/categories")["data"]] == ["Tea"]
    entries = shop.staff.get("/admin/audit")["data"]
    assert [entry["action"] for entry in entries if entry["target"] == "tea"] == ["category.put"]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"kind": "category", "id": "tea", "name": "Tea", "parent": "none"}, "/parent"),
        ({"kind": "category", "name": "Tea"}, "/id"),
        ({"kind": "collection", "id": "x", "name": "X", "rule": "price <"}, None),
        ({"kind": "price_list", "id": "x", "name": "X", "currency": "euro"}, "/currency"),
        ({"kind": "chosen", "id": "x", "products": ["none"]}, "/products/0"),
    ],
    ids=str,
)
def test_a_definition_that_can_not_be_is_named(shop: Shop, line: dict[str, Any], column: str | None) -> None:
    report = Import(shop).run(json.dumps(line) + "\n" + file(bowl(1)))
    assert [entry["outcome"] for entry in report["lines"]] == ["failed", "created"]
    assert column in (None, report["lines"][0]["problems"][0]["column"])


def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.files import exports

    monkeypatch.setattr(exports, "_PART", 1)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)


def test_a_long_export_goes_on_where_it_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog.files import exports

    Import(shop).run(file(*(bowl(n) for n in range(25))))
    whole = Export(shop).run()
    monkeypatch.setattr(exports, "_PAGE", 10)
    small_parts(monkeypatch)
    hurried = Export(shop)
    looks = iter([False, True])
    exports.run_queued(hurried.job["id"], lambda: next(looks))
    assert (hurried.show()["status"], hurried.show()["lines"]) == ("running", 20)
    assert any(hurried.job["id"] in message for message in hurried.queued())
    with monkeypatch.context() as crash:
        crash.setattr(exports, "_step", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            exports.run_queued(hurried.job["id"], lambda: False)
    assert hurried.run() == whole
    hurried.notice()
    assert hurried.content() == whole


def test_two_functions_at_one_export_write_it_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog import storage
    from chalicelib.catalog.files import exports

    Import(shop).run(file(*(bowl(n) for n in range(3))))
    whole = Export(shop).run()
    monkeypatch.setattr(exports, "_PAGE", 1)
    small_parts(monkeypatch)
    work, real, met = Export(shop), storage.grow, list[str]()

    def slow(*part: Any) -> Any:
        if not met:
            met.append("another one")
            exports.run_queued(work.job["id"], lambda: True)
        return real(*part)

    monkeypatch.setattr(storage, "grow", slow)
    exports.run_queued(work.job["id"], lambda: False)
    assert (work.show()["status"], work.show()["lines"]) == ("running", 1)
    assert work.run() == whole
    assert work.show()["lines"] == 3


def test_an_empty_shop_is_an_empty_file(shop: Shop) -> None:
    assert Export(shop).run() == b""


def test_the_link_is_there_when_the_file_is(shop: Shop) -> None:
    work = Export(shop)
    assert (work.job["status"], work.job["download_url"]) == ("queued", None)
    assert any(work.job["id"] in message for message in work.queued())
    work.run()
    link = urllib.parse.urlsplit(work.show()["download_url"])
    assert link.path == f"/media/exports/{work.job['id']}"
    assert "X-Amz-Signature" in link.query


def test_asking_twice_with_one_key_is_one_export(shop: Shop) -> None:
    first = shop.staff.post("/admin/exports", {}, key="a-key-of-16-chars")
    assert shop.staff.post("/admin/exports", {}, key="a-key-of-16-chars")["id"] == first["id"]


def test_an_export_that_is_not_there_says_so(shop: Shop) -> None:
    assert refusal(shop.staff.get, "/admin/exports/exp_none")["status"] == 404
    assert refusal(shop.staff.post, "/admin/exports", {"report_of": "imp_none"})["status"] == 404


def test_a_report_is_a_table_that_no_spreadsheet_takes_for_formulas(shop: Shop) -> None:
    evil = "Handle,Title,Variant Price\n=cmd|' /C calc'!A0,Mug,1\n-mug,Mug,x\nok,Ok,1\n"
    done = Import(shop).run(evil)
    content = Export(shop, report_of=done["id"]).run()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["line", "handle", "outcome", "problem_line", "column", "detail"]
    assert [row[2] for row in rows[1:]] == ["failed", "failed", "failed", "created"]
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]
    assert rows[1][1] == "'=cmd|' /c calc'!a0"
