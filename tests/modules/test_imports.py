"""Product files, from the upload link to the report."""

import gzip
import urllib.parse

import boto3
import pytest
from importing import Import
from inprocess import ROOT, Gateway, Shop, eur
from refusals import refusal

from chalicelib.core.errors import ShopError

COLUMNS = (
    "Handle,Title,Body (HTML),Type,Published,Option1 Name,Option1 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Image Src"
)
HEADER = f"{COLUMNS}\n"
MUG = (
    'mug,Mug,"<p>Blue</p><script>alert(1)</script>",Tableware,true,Size,S,MUG-S,4,12.90,https://example.com/1.jpg\n'
    "mug,,,,,,L,MUG-L,2,15.90,\n"
    "mug,,,,,,,,,,https://example.com/2.jpg\n"
)
BOWL = "bowl,Bowl,,Tableware,true,,,,1,9.90,\n"


def test_a_file_becomes_products(shop: Shop) -> None:
    report = Import(shop).run(HEADER + MUG + BOWL)
    assert report["status"] == "finished"
    assert [(line["line"], line["handle"], line["outcome"]) for line in report["lines"]] == [
        (2, "mug", "created"),
        (5, "bowl", "created"),
    ]
    mug = shop.guest.get("/products/mug")
    assert [(v["sku"], v["option_values"], v["price"]) for v in mug["variants"]] == [
        ("MUG-S", ["S"], eur(1290)),
        ("MUG-L", ["L"], eur(1590)),
    ]
    assert mug["description"] == "<p>Blue</p>"
    assert [image["url"] for image in mug["images"]] == ["https://example.com/1.jpg", "https://example.com/2.jpg"]
    assert shop.stock("MUG-L")["available"] == 2
    assert [c["id"] for c in shop.guest.get("/categories")["data"]] == ["tableware"]
    assert [p["handle"] for p in shop.guest.get("/products?category=tableware")["data"]] == ["bowl", "mug"]


def test_importing_twice_changes_nothing(shop: Shop) -> None:
    Import(shop).run(HEADER + MUG + BOWL)
    shop.staff.put("/admin/stock/MUG-S", {"location": "ams", "on_hand": 99})
    told, before = shop.events(), shop.dynamodb.scan(TableName="test-logistics")["Items"]
    report = Import(shop).run(HEADER + MUG + BOWL)
    assert report["counts"] == {"created": 0, "updated": 0, "unchanged": 2, "failed": 0, "skipped": 0}
    assert shop.events() == told
    assert shop.dynamodb.scan(TableName="test-logistics")["Items"] == before


def test_a_changed_row_updates_its_product_alone(shop: Shop) -> None:
    Import(shop).run(HEADER + MUG + BOWL)
    report = Import(shop).run(HEADER + MUG.replace("15.90", "16.90") + BOWL)
    assert report["counts"] == {"created": 0, "updated": 1, "unchanged": 1, "failed": 0, "skipped": 0}
    assert shop.names()[-1] == "ProductUpdated"
    assert shop.guest.get("/products/mug")["variants"][1]["price"] == eur(1690)


def test_a_variant_that_left_the_file_is_no_longer_sold(shop: Shop) -> None:
    Import(shop).run(HEADER + MUG)
    Import(shop).run(HEADER + MUG.splitlines(keepends=True)[0])
    assert [v["sku"] for v in shop.guest.get("/products/mug")["variants"]] == ["MUG-S"]
    assert refusal(shop.cart().post, "/items", {"sku": "MUG-L"})["code"] == "unknown_sku"


def test_a_bad_row_is_named_and_the_others_come_in(shop: Shop) -> None:
    report = Import(shop).run(HEADER + MUG.replace("15.90", "cheap") + "x,,,,true,,,,1,1.00,\n" + BOWL)
    assert report["status"] == "finished"
    assert [(line["handle"], line["outcome"]) for line in report["lines"]] == [
        ("mug", "created"),
        ("x", "failed"),
        ("bowl", "created"),
    ]
    assert report["lines"][0]["problems"] == [
        {"line": 3, "column": "Variant Price", "detail": "'cheap' is not an amount in EUR."}
    ]
    assert report["lines"][1]["problems"][0]["line"] == 5


def test_a_large_product_shrinks_to_one_variant(shop: Shop) -> None:
    rows = [f"big,{'Big' if n == 0 else ''},,,true,Size,{n},,1,1.00,\n" for n in range(101)]
    Import(shop).run(HEADER + "".join(rows))
    assert Import(shop).run(HEADER + rows[0])["counts"]["updated"] == 1
    assert len(shop.guest.get("/products/big")["variants"]) == 1
    assert refusal(shop.cart().post, "/items", {"sku": "big-100"})["code"] == "unknown_sku"


def test_a_shop_without_a_place_for_stock_says_so_and_takes_nothing_in(shop: Shop) -> None:
    from chalicelib.core import cache

    for location in ("ams", "sha"):
        shop.dynamodb.delete_item(
            TableName="test-logistics", Key={"pk": {"S": "LOCATIONS"}, "sk": {"S": f"LOCATION#{location}"}}
        )
    cache.forget()
    report = Import(shop).run(HEADER + BOWL)
    assert report["counts"]["failed"] == 1
    assert "no location" in report["lines"][0]["problems"][0]["detail"]
    assert shop.staff.get("/admin/products")["data"] == []


def test_a_crash_before_the_commit_is_mended_by_reading_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalog import product_writes

    work = Import(shop).upload(HEADER + BOWL)
    with monkeypatch.context() as crash:
        crash.setattr(product_writes, "commit", lambda *_: 1 / 0)
        assert len(work.notice()) == 1
    assert work.notice() == []
    assert work.report()["counts"]["created"] == 1
    assert shop.stock("bowl")["available"] == 1


def test_a_sku_of_another_product_is_not_taken_over(shop: Shop) -> None:
    Import(shop).run(HEADER + MUG)
    report = Import(shop).run(HEADER + "thief,Thief,,,true,,,MUG-S,1,1.00,\n" + BOWL)
    assert [line["outcome"] for line in report["lines"]] == ["failed", "created"]
    assert "MUG-S" in report["lines"][0]["problems"][0]["detail"]
    assert refusal(shop.guest.get, "/products/thief")["status"] == 404


def test_a_handle_that_comes_back_further_down_is_named(shop: Shop) -> None:
    report = Import(shop).run(HEADER + BOWL + MUG + "bowl,Bowl again,,,true,,,,1,1.00,\n")
    assert [line["outcome"] for line in report["lines"]] == ["created", "created", "failed"]
    assert shop.guest.get("/products/bowl")["title"] == "Bowl"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just some text",
        b"name;price\nmug;1\n",
        HEADER.encode() + b'mug,"never closed\x00',
    ],
    ids=["empty", "text", "other csv", "broken"],
)
def test_a_file_that_can_not_be_read_fails_with_a_reason(shop: Shop, content: bytes) -> None:
    report = Import(shop).run(content)
    assert report["status"] == "failed" or report["counts"]["failed"]
    assert report["detail"] or report["lines"][0]["problems"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_a_file_is_read_in_the_encoding_that_it_is_in(shop: Shop, encoding: str) -> None:
    tea = "tea,西湖龙井茶,<p>春天的茶叶</p>,茶叶,true,,,,1,1.00,\n"
    report = Import(shop).run((HEADER + tea).encode(encoding))
    assert report["counts"]["created"] == 1, report
    assert shop.guest.get("/products/tea")["title"] == "西湖龙井茶"


def test_a_western_file_of_windows_is_read(shop: Shop) -> None:
    Import(shop).run(HEADER.encode() + "mug,Tasse für Café,,,true,,,,1,1.00,\n".encode("cp1252"))
    assert shop.guest.get("/products/mug")["title"] == "Tasse für Café"


def test_a_packed_file_is_unpacked(shop: Shop) -> None:
    assert Import(shop).run(gzip.compress((HEADER + MUG + BOWL).encode()))["counts"]["created"] == 2


def test_a_wrong_byte_fails_its_row_and_no_other(shop: Shop) -> None:
    content = (HEADER + MUG.replace("Blue", "Blau, für Tee") + "jug,Jug,,,true,,,,1,1.00,\n" + BOWL).encode()
    content = content.replace(b"Jug", b"J\xfcg")
    report = Import(shop).run(content)
    assert [(line["handle"], line["outcome"]) for line in report["lines"]] == [
        ("mug", "created"),
        ("jug", "failed"),
        ("bowl", "created"),
    ]
    assert "FC" in report["lines"][1]["problems"][0]["detail"]


def test_what_is_sold_does_not_go_because_its_row_is_broken(shop: Shop) -> None:
    Import(shop).run(HEADER + MUG)
    report = Import(shop).run(HEADER + MUG.replace("15.90", "cheap"))
    assert [line["outcome"] for line in report["lines"]] == ["failed"]
    assert "MUG-L" in report["lines"][0]["problems"][1]["detail"]
    assert [v["sku"] for v in shop.guest.get("/products/mug")["variants"]] == ["MUG-S", "MUG-L"]


def test_a_second_notice_of_the_same_file_changes_nothing(shop: Shop) -> None:
    first = Import(shop)
    first.run(HEADER + MUG)
    before = first.report()
    assert first.notice() == []
    assert first.report() == before


def test_a_job_that_ran_out_of_time_goes_on_where_it_stopped(shop: Shop) -> None:
    from chalicelib.catalog.files import imports

    work = Import(shop).upload(HEADER + MUG + BOWL)
    answers = iter([False, True])
    imports.run_uploaded(work.key, lambda: next(answers))
    assert (work.report()["status"], work.report()["counts"]["created"]) == ("running", 1)
    queued = boto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/imports")
    assert work.key in queued["Messages"][0]["Body"]
    assert work.notice() == []
    assert work.report()["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 0, "skipped": 0}
    assert work.report()["status"] == "finished"


def test_a_file_that_nobody_asked_for_is_left_alone(shop: Shop) -> None:
    stray = Import(shop).upload(HEADER + MUG)
    stray.key = "imports/stray"
    assert stray.notice() == []


def test_the_report_comes_in_pages(shop: Shop) -> None:
    work = Import(shop)
    work.run(HEADER + "".join(f"p{n},P{n},,,true,,,,1,1.00,\n" for n in range(7)))
    seen, cursor = [], ""
    while True:
        page = shop.staff.get(f"/admin/imports/{work.job['id']}?limit=3{cursor}")
        seen += [line["handle"] for line in page["lines"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"p{n}" for n in range(7)]


def test_the_upload_link_is_for_one_file_of_this_bucket(shop: Shop) -> None:
    link = urllib.parse.urlsplit(shop.staff.post("/admin/imports")["upload_url"])
    assert link.path.startswith("/media/imports/imp_")
    assert "X-Amz-Signature" in link.query


def test_asking_twice_with_one_key_is_one_job(shop: Shop, staff: Gateway) -> None:
    first = staff.post("/admin/imports", key="a-key-of-16-chars")
    assert staff.post("/admin/imports", key="a-key-of-16-chars")["id"] == first["id"]


def test_an_operator_imports_a_file_from_the_bucket(shop: Shop) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog.console import catalog_import_file

    boto3.client("s3").put_object(Bucket="media", Key="imports/by-hand.csv", Body=(HEADER + MUG).encode())
    job = catalog_import_file({"key": "imports/by-hand.csv"}, CONTEXT)
    assert (job["status"], job["counts"]["created"]) == ("finished", 1)
    assert shop.guest.get("/products/mug")["title"] == "Mug"


@pytest.mark.parametrize("changed", [False, True])
def test_an_operators_import_goes_on_if_its_file_is_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog.console import catalog_import_file
    from chalicelib.core import jobs

    def put(content: str) -> None:
        boto3.client("s3").put_object(Bucket="media", Key="imports/by-hand.csv", Body=content.encode())

    put(HEADER + MUG + BOWL)
    with monkeypatch.context() as hurry:
        looks = iter([False, True])
        hurry.setattr(jobs, "deadline", lambda seconds: lambda: next(looks))
        with pytest.raises(ShopError, match="out_of_time"):
            catalog_import_file({"key": "imports/by-hand.csv"}, CONTEXT)
    if changed:
        put(HEADER + BOWL + MUG)
    job = catalog_import_file({"key": "imports/by-hand.csv"}, CONTEXT)
    assert (job["outcome"], job["status"]) == ("done", "finished")
    assert job["counts"] == {
        "created": 1 if changed else 2,
        "updated": 0,
        "unchanged": int(changed),
        "failed": 0,
        "skipped": 0,
    }


def test_an_import_of_a_file_that_is_not_there_says_so(shop: Shop) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog.console import catalog_import_file

    with pytest.raises(ShopError, match="no_file"):
        catalog_import_file({"key": "imports/none.csv"}, CONTEXT)


def test_a_large_product_comes_in_whole(shop: Shop) -> None:
    rows = "".join(f"big,{'Big' if n == 0 else ''},,,true,Size,{n},,1,1.00,\n" for n in range(101))
    assert Import(shop).run(HEADER + rows)["counts"]["created"] == 1
    assert len(shop.guest.get("/products/big")["variants"]) == 101


@pytest.mark.parametrize("name", ["shopify-apparel.csv", "shopify-jewelery.csv"])
def test_real_exports_come_in_without_a_problem(shop: Shop, name: str) -> None:
    file = ROOT.parent / "shared" / "data" / "imports" / name
    if not file.exists():
        pytest.skip("no ../shared: real export files are not here")
    report = Import(shop).run(file.read_bytes())
    assert report["counts"]["failed"] == 0
    assert [line for line in report["lines"] if line["problems"]] == []
    again = Import(shop).run(file.read_bytes())
    assert again["counts"] == report["counts"] | {"created": 0, "unchanged": report["counts"]["created"]}


def test_our_own_demo_file_comes_in_whole(shop: Shop) -> None:
    file = ROOT / "infra" / "local" / "demo" / "shopify-demo.csv"
    report = Import(shop).run(file.read_bytes())
    assert (report["counts"]["failed"], report["counts"]["created"]) == (0, 12)
