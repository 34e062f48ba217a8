"""Files of other shops, as those write them, from their upload to what is sold here."""

import boto3
import pytest
from importing import Import
from inprocess import ROOT, Shop, eur

from chalicelib.core.errors import ShopError

WOO = (
    "ID,Type,SKU,Name,Published,Categories,Regular price,Sale price,Stock,Parent,"
    "Attribute 1 name,Attribute 1 value(s)\n"
)
TEE = '1,variable,TEE,Tee,1,"Clothing > Tees",,,,,Color,"Red, Blue"\n'
RED = "2,variation,TEE-RED,Tee - Red,1,,20,15,3,TEE,Color,Red\n"
BLUE = "3,variation,TEE-BLUE,Tee - Blue,1,,20,,4,id:1,Color,Blue\n"
CAP = "4,simple,CAP,Cap,1,Clothing,9,,1,,,\n"

FEED = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item><g:id>S-RED</g:id><g:title>Shirt</g:title><g:link>https://x.example/shirt</g:link><g:price>20 EUR</g:price>
<g:item_group_id>S</g:item_group_id><g:color>Red</g:color></item>
<item><g:id>HAT</g:id><g:title>Hat</g:title><g:link>https://x.example/hat</g:link><g:price>5 EUR</g:price></item>
<item><g:id>S-BLUE</g:id><g:title>Shirt</g:title><g:link>https://x.example/shirt</g:link><g:price>20 EUR</g:price>
<g:item_group_id>S</g:item_group_id><g:color>Blue</g:color></item>
</channel></rss>
"""

MAGENTO = (
    "sku,store_view_code,product_type,name,product_online,visibility,price,qty,categories,configurable_variations\n"
)
PARTS = (
    "P-S,,simple,Pants S,1,Not Visible Individually,20.0000,3.0000,Default Category/Pants,\n"
    "P-M,,simple,Pants M,1,Not Visible Individually,22.0000,4.0000,Default Category/Pants,\n"
)
PANTS = (
    'P,,configurable,Pants,1,"Catalog, Search",20,,Default Category/Pants,"sku=P-S,size=S|sku=P-M,size=M"\n'
    "P,de,,Hose,,,,,,\n"
)


@pytest.mark.parametrize("rows", [TEE + RED + BLUE + CAP, RED + CAP + TEE + BLUE, BLUE + RED + CAP + TEE])
def test_variations_find_their_parent_wherever_it_stands(shop: Shop, rows: str) -> None:
    report = Import(shop).run(WOO + rows)
    assert (report["dialect"], report["status"]) == ("woocommerce", "finished"), report
    assert sorted(line["handle"] for line in report["lines"]) == ["cap", "tee"]
    tee = shop.guest.get("/products/tee")
    assert {v["sku"]: (v["option_values"], v["price"], v["compare_at"]) for v in tee["variants"]} == {
        "TEE-RED": (["Red"], eur(1500), eur(2000)),
        "TEE-BLUE": (["Blue"], eur(2000), None),
    }
    assert shop.stock("TEE-BLUE")["available"] == 4
    assert [c["id"] for c in tee["breadcrumbs"]] == ["clothing", "clothing-tees"]
    assert Import(shop).run(WOO + rows)["counts"]["unchanged"] == 2


def test_a_variation_without_a_parent_is_named(shop: Shop) -> None:
    report = Import(shop).run(WOO + TEE + RED + BLUE.replace("id:1", "id:7"))
    assert [(line["line"], line["outcome"]) for line in report["lines"]] == [(2, "created"), (4, "failed")]
    assert "id:7" in report["lines"][1]["problems"][0]["detail"]


def test_two_products_of_one_name_are_two_products_each_time(shop: Shop) -> None:
    other = CAP.replace("4,", "5,", 1).replace("CAP", "CAP-2")
    for outcome in ("created", "unchanged"):
        report = Import(shop).run(WOO + CAP + other)
        assert [(line["handle"], line["outcome"]) for line in report["lines"]] == [("cap", outcome), ("cap-5", outcome)]


def test_a_product_that_was_renamed_in_the_other_shop_stays_the_same_here(shop: Shop) -> None:
    Import(shop).run(WOO + CAP)
    report = Import(shop).run(WOO + CAP.replace("Cap", "Hat"))
    assert report["counts"]["updated"] == 1
    assert shop.guest.get("/products/cap")["title"] == "Hat"


def test_what_is_sold_only_together_with_others_is_passed_over(shop: Shop) -> None:
    report = Import(shop).run(WOO + CAP + "9,grouped,SET,Set,1,,,,,,,\n")
    assert (report["counts"]["created"], report["counts"]["skipped"], report["counts"]["failed"]) == (1, 1, 0)


def test_columns_that_nothing_reads_are_listed(shop: Shop) -> None:
    header = WOO.replace("\n", ",Meta: _secret,Empty\n")
    report = Import(shop).run(header + CAP.replace("\n", ",x,\n"))
    assert report["unread_columns"] == ["Meta: _secret"]


def test_items_of_a_group_in_a_feed_are_one_product(shop: Shop) -> None:
    report = Import(shop).run(FEED)
    assert report["dialect"] == "google_merchant"
    assert [(line["line"], line["handle"], line["outcome"]) for line in report["lines"]] == [
        (1, "shirt", "created"),
        (2, "hat", "created"),
    ]
    assert [v["option_values"] for v in shop.guest.get("/products/shirt")["variants"]] == [["Red"], ["Blue"]]


def test_a_feed_is_read_on_from_an_item(shop: Shop) -> None:
    from chalicelib.catalog.files import imports

    hats = "".join(
        f"<item><g:id>H{n}</g:id><g:title>Hat {n}</g:title><g:price>5 EUR</g:price><g:link>https://x.example/{n}</g:link></item>"
        for n in range(5)
    )
    work = Import(shop).upload(FEED.replace("</channel>", f"{hats}</channel>"))
    looks = iter([False, False, False, False, True])
    imports.run_uploaded(work.key, lambda: next(looks))
    assert work.report()["counts"]["created"] == 3
    assert work.notice() == []
    assert (work.report()["status"], work.report()["counts"]["created"]) == ("finished", 7)


def test_a_feed_that_breaks_off_loses_nothing_that_stands_before(shop: Shop) -> None:
    report = Import(shop).run(FEED[: FEED.rindex("<item>") + 30])
    assert report["status"] == "finished"
    assert [(line["line"], line["handle"], line["outcome"]) for line in report["lines"]] == [
        (1, "shirt", "created"),
        (2, "hat", "created"),
        (3, "", "failed"),
    ]
    assert "no XML behind its item 2" in report["lines"][2]["problems"][0]["detail"]


def test_no_product_loses_the_items_that_stand_behind_a_broken_spot(shop: Shop) -> None:
    Import(shop).run(FEED)
    report = Import(shop).run(FEED[: FEED.rindex("<item>") + 30])
    assert [(line["handle"], line["outcome"]) for line in report["lines"]] == [
        ("shirt", "failed"),
        ("hat", "unchanged"),
        ("", "failed"),
    ]
    assert "S-BLUE" in report["lines"][0]["problems"][-1]["detail"]
    assert len(shop.guest.get("/products/shirt")["variants"]) == 2


def test_parts_of_a_configurable_product_are_its_variants(shop: Shop) -> None:
    report = Import(shop).run(MAGENTO + PARTS + PANTS)
    assert report["dialect"] == "magento"
    assert [(line["line"], line["handle"], line["outcome"]) for line in report["lines"]] == [(4, "pants", "created")]
    pants = shop.guest.get("/products/pants?locale=de")
    assert (pants["title"], pants["options"]) == ("Hose", ["Size"])
    assert [(v["sku"], v["price"]) for v in pants["variants"]] == [("P-S", eur(2000)), ("P-M", eur(2200))]


@pytest.mark.parametrize("name", ["medusa-export.csv", "spree-import.csv", "woocommerce.csv"])
def test_exports_of_real_shops(shop: Shop, name: str) -> None:
    file = ROOT.parent / "shared" / "data" / "imports" / name
    if not file.exists():
        pytest.skip("no ../shared: real export files are not here")
    report = Import(shop).run(file.read_bytes())
    if name != "woocommerce.csv":
        assert (report["status"], report["dialect"]) == ("failed", None)
        assert "no product file of a kind that is known" in report["detail"]
        return
    assert (report["counts"]["created"], report["counts"]["skipped"], report["counts"]["failed"]) == (14, 1, 0)
    assert [line for line in report["lines"] if line["problems"] and line["outcome"] != "skipped"] == []
    assert "Download 1 URL" in report["unread_columns"]
    assert "cc-album.png" not in str(shop.guest.get("/products/album")["attributes"])


def test_a_trial_reports_the_same_and_changes_nothing(shop: Shop) -> None:
    content = WOO + TEE + RED + BLUE + CAP + CAP.replace("Cap", "Hat") + CAP.replace("CAP", "C2").replace("9,", "x,")
    before = {name: shop.dynamodb.scan(TableName=f"test-{name}")["Items"] for name in ("catalog", "logistics")}
    trial = Import(shop, dry_run=True).run(content)
    assert trial["dry_run"]
    told = [item for item in shop.dynamodb.scan(TableName="test-catalog")["Items"] if item not in before["catalog"]]
    assert {item["pk"]["S"].partition("#")[0] for item in told} <= {"IMPORT", "IDEMPOTENCY"}
    assert shop.dynamodb.scan(TableName="test-logistics")["Items"] == before["logistics"]
    done = Import(shop).run(content)
    assert trial["counts"] == done["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 2, "skipped": 0}
    assert [(line["line"], line["outcome"]) for line in trial["lines"]] == [
        (line["line"], line["outcome"]) for line in done["lines"]
    ]
    assert Import(shop, dry_run=True).run(content)["counts"]["unchanged"] == 2


def test_a_file_in_another_format_than_was_named_is_refused(shop: Shop) -> None:
    report = Import(shop, format="shopify").run(WOO + CAP)
    assert report["status"] == "failed"
    assert "woocommerce" in report["detail"]


def test_an_operator_may_try_a_file(shop: Shop) -> None:
    from inprocess import CONTEXT

    from chalicelib.catalog.console import catalog_import_file

    boto3.client("s3").put_object(Bucket="media", Key="imports/by-hand.csv", Body=(WOO + CAP).encode())
    tried = catalog_import_file({"key": "imports/by-hand.csv", "dry_run": True}, CONTEXT)
    assert (tried["dry_run"], tried["counts"]["created"]) == (True, 1)
    assert shop.staff.get("/admin/products")["data"] == []
    assert catalog_import_file({"key": "imports/by-hand.csv"}, CONTEXT)["counts"]["created"] == 1
    with pytest.raises(ShopError, match="no_file"):
        catalog_import_file({"key": "imports/none.csv", "dry_run": True}, CONTEXT)
