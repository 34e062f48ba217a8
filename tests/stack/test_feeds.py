"""Feeds by the deployed function, with its own rights, read as Google would read them."""

import json
import urllib.request
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import boto3

from infra.local.client import Api

G = "{http://base.google.com/ns/1.0}"
S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def read(api: str, path: str) -> Element:
    with urllib.request.urlopen(f"{api}{path}") as file:  # follows the redirect
        return fromstring(file.read())


def test_the_feeds_of_the_demo_catalogue_lead_to_its_products(running: dict[str, Any], guest: Api) -> None:
    answer = boto3.client("lambda").invoke(FunctionName=running["outputs"]["FeedsFunction"], Payload=b"{}")
    made = json.loads(answer["Payload"].read())
    assert made["outcome"] == "done", made
    items = read(running["api"], "/feeds/google.xml").findall("channel/item")
    assert len(items) == made["offers"] > 60
    link = items[0].findtext("link") or ""
    handle = link.rpartition("/products/")[2].partition("?")[0]
    page = guest.get(f"/products/{handle}")
    assert items[0].findtext(f"{G}id") in {variant["sku"] for variant in page["variants"]}
    assert page["json_ld"]["url"] == link.partition("?")[0]
    sitemaps = [entry.findtext(f"{S}loc") or "" for entry in read(running["api"], "/sitemap.xml")]
    shop = link.partition("/products/")[0]
    listed = [loc.text for url in sitemaps for loc in read(running["api"], url.removeprefix(shop)).iter(f"{S}loc")]
    assert len(listed) == made["products"] + 1
    assert link.partition("?")[0] in listed
