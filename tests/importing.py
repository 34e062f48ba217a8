"""A file on its way into the shop, for the tests of imports and exports."""

from typing import Any

from inprocess import Shop

from infra.local.client import Json


class Import:
    """A file on its way into the shop, and the report of it."""

    def __init__(self, shop: Shop, **wanted: Any) -> None:
        self.shop = shop
        self.job = shop.staff.post("/admin/imports", wanted)
        self.key = f"imports/{self.job['id']}"

    def upload(self, content: str | bytes) -> "Import":
        data = content.encode() if isinstance(content, str) else content
        self.shop.client("s3").put_object(Bucket="media", Key=self.key, Body=data)
        return self

    def notice(self) -> list[Json]:
        from chalicelib.catalog.consumers import catalog_imports

        return self.shop.consume(catalog_imports, {"detail": {"object": {"key": self.key}}})

    def report(self) -> Json:
        return self.shop.staff.get(f"/admin/imports/{self.job['id']}?limit=100")

    def run(self, content: str | bytes) -> Json:
        assert self.upload(content).notice() == []
        return self.report()
