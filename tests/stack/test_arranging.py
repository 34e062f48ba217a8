"""A move of a category reaches the lists, through the outbox, the bus, the queue and the function that is deployed."""

from infra.local.client import Api, wait_for


def test_what_stands_in_a_category_follows_it(guest: Api, staff: Api) -> None:
    listed = guest.get("/products?category=tea&limit=100")["data"]
    assert listed
    tea = guest.get("/categories/tea")
    body = {"name": tea["name"], "translations": tea["translations"]}
    staff.put("/admin/categories/pantry", {"name": "Pantry"})
    staff.put("/admin/categories/tea", {**body, "parent": "pantry"})

    def below() -> list[str]:
        return [card["handle"] for card in guest.get("/products?category=pantry&limit=100")["data"]]

    wait_for("tea in the pantry", lambda: below() == [card["handle"] for card in listed])
    staff.put("/admin/categories/tea", body)
    wait_for("tea out of the pantry", lambda: below() == [])
    runs = staff.get("/admin/jobs/catalog_arrange/runs")["data"]
    assert {run["outcome"] for run in runs} == {"done"}
