"""The environment of a function, read once. A missing key stops the cold start and is named."""

import os
from collections.abc import Mapping

import msgspec

MODULES = ("users", "catalog", "orders", "payments", "logistics", "admin")


class Settings(msgspec.Struct, frozen=True):
    """What the template tells a function.

    `modules` are the modules whose routes this API function serves (`http_only`); where `MODULES` is not set, all of
    them, and their consumers, schedules and console functions too.
    `currency` is the ISO 4217 code in which the shop's catalogue is priced.
    `media_url` is the address below which the public part of the media bucket can be read.
    `shop_url` is where customers see the shop, without a slash at its end; empty if nobody said. `product_path` leads
    from there to a product's page, `category_path` to a category's if they have any; `locale_prefix` stands before both
    where translations have addresses of their own.
    `opensearch_url` is a base URL; `opensearch_signed` says whether requests to it carry AWS signatures.
    `search_chinese` is how the engine takes Chinese apart: cjk into pairs of characters, which every engine can;
    smartcn or ik into words, where it has the plugin.
    `stripe_api_base` is where Stripe's API is, empty for Stripe's own address. `stripe_secret_id` names the secret that
    holds the keys; only functions that have to do with money may read it.
    """

    modules: tuple[str, ...]
    http_only: bool
    tables: dict[str, str]
    event_bus: str
    media_bucket: str
    media_url: str
    import_queue_url: str
    arrange_queue_url: str
    webhook_queue_url: str
    reconcile_queue_url: str
    opensearch_url: str
    opensearch_signed: bool
    search_chinese: str
    staff_pool_id: str
    staff_client_id: str
    customer_pool_id: str
    customer_client_id: str
    stripe_api_base: str
    stripe_secret_id: str
    currency: str
    shop_url: str
    product_path: str
    category_path: str
    locale_prefix: str
    region: str


class MissingSetting(Exception):
    """A key that the template should have set is absent or empty."""


def from_environment(env: Mapping[str, str]) -> Settings:
    """Settings of this function; raises MissingSetting with the name of the first absent key."""

    def required(key: str) -> str:
        if not (value := env.get(key)):
            raise MissingSetting(f"environment variable {key} is not set")
        return value

    served = env.get("MODULES")
    return Settings(
        modules=tuple(served.split(",")) if served else MODULES,
        http_only=bool(served),
        tables={module: required(f"TABLE_{module.upper()}") for module in MODULES},
        event_bus=required("EVENT_BUS"),
        media_bucket=required("MEDIA_BUCKET"),
        media_url=required("MEDIA_URL"),
        import_queue_url=required("IMPORT_QUEUE_URL"),
        arrange_queue_url=required("ARRANGE_QUEUE_URL"),
        webhook_queue_url=required("WEBHOOK_QUEUE_URL"),
        reconcile_queue_url=required("RECONCILE_QUEUE_URL"),
        opensearch_url=required("OPENSEARCH_URL"),
        opensearch_signed=required("OPENSEARCH_SIGNED") == "true",
        search_chinese=env.get("SEARCH_CHINESE") or "cjk",
        staff_pool_id=required("STAFF_POOL_ID"),
        staff_client_id=required("STAFF_CLIENT_ID"),
        customer_pool_id=required("CUSTOMER_POOL_ID"),
        customer_client_id=required("CUSTOMER_CLIENT_ID"),
        stripe_api_base=env.get("STRIPE_API_BASE", ""),
        stripe_secret_id=required("STRIPE_SECRET_ID"),
        currency=required("SHOP_CURRENCY"),
        shop_url=env.get("SHOP_URL", "").rstrip("/"),
        product_path=env.get("PRODUCT_PATH") or "/products/{handle}",
        category_path=env.get("CATEGORY_PATH", ""),
        locale_prefix=env.get("LOCALE_PREFIX", ""),
        region=required("AWS_REGION"),
    )


settings = from_environment(os.environ)
