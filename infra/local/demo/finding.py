"""The acts of finding: words while somebody types, results narrowed down, a review by a buyer that counts."""

from infra.local.client import Json, segment, wait_for
from infra.local.demo.play import PATIENCE, Play, Sub


class FindingPlay:
    """Goes on where `play` is: with its staff, its guest and its steps."""

    def __init__(self, play: Play) -> None:
        self.play = play

    def narrow_down(self, product: Json) -> None:
        """A guest types the beginning of a product's title, and then looks at one brand of everything there is."""
        play = self.play
        with play.step("a guest types, and search knows what may be meant"):
            typed = product["title"][:4].strip()
            found = play.guest.get(f"/search/suggest?q={segment(typed)}")
            play.check(any(found.values()), f"nothing is suggested for {typed!r}")
        with play.step("a guest narrows the results down to a brand, and the counts stay right"):
            everything = play.guest.get("/search?limit=1")
            brands = everything["facets"]["brands"]
            play.check(brands, "there are no brands to choose from")
            brand = brands[0]
            chosen = play.guest.get(f"/search?limit=1&brand={segment(brand['value'])}")
            play.check(chosen["total"] == brand["count"], f"of {brand} there are {chosen['total']}")
            counts = [{each["value"]: each["count"] for each in b} for b in (brands, chosen["facets"]["brands"])]
            play.check(counts[0] == counts[1], "the other brands are counted otherwise now")
            print(f"         {brand['value']}: {brand['count']} of {everything['total']}")

    def review(self, order: Sub, sku: str) -> None:
        """Who got a product says what it is worth, and once staff have read it everybody can."""
        play = self.play
        line = next(line for line in order.get(".")["lines"] if line["sku"] == sku)
        handle = play.staff.get(f"/admin/products/{line['product_id']}")["handle"]
        with play.step("the customer reviews what arrived; staff read it, and the product has a star more"):
            before = play.guest.get(f"/products/{segment(handle)}/reviews")["rating"]["count"]
            words = {"sku": sku, "stars": 5, "title": "As it should be", "text": "Came well packed."}
            review = order.post("/reviews", words)
            play.check(review["status"] == "pending", "nobody has read it yet")
            play.staff.post(f"/admin/reviews/{review['id']}/approve", {})
            rating = play.guest.get(f"/products/{segment(handle)}/reviews")["rating"]
            play.check(rating["count"] == before + 1, f"there were {before} reviews, and now {rating['count']}")
            query = f"/search?limit=100&rating_min=1&q={segment(line['title'])}"
            wait_for(
                "search to know its stars",
                lambda: any(card["id"] == line["product_id"] for card in play.guest.get(query)["data"]),
                PATIENCE,
            )
