"""Where each category stands. Only parents are known; paths, and which moves are allowed, follow from them."""

from collections.abc import Iterable, Iterator

import msgspec

from chalicelib.core.errors import invalid

MOST_LEVELS = 8


class Place(msgspec.Struct, frozen=True, order=True):
    """A category's place among those with the same parent: by position, then by name."""

    position: int
    name: str
    id: str
    parent: str | None


class Tree(msgspec.Struct, frozen=True):
    """Places by id, and who stands directly below whom, in order; below None those at the top.

    A category whose parent is not there stands at the top.
    """

    places: dict[str, Place]
    children: dict[str | None, tuple[str, ...]]

    def path(self, category_id: str) -> tuple[str, ...]:
        """From the top down to `category_id`; of one that is not there, itself alone."""
        path = [category_id]
        while (parent := self._parent(path[-1])) is not None and parent not in path:
            path.append(parent)
        return tuple(reversed(path))

    def below(self, category_id: str | None) -> Iterator[str]:
        """All that stand below, at any depth, each before its own children. Below None: all."""
        waiting, seen = list(reversed(self.children.get(category_id, ()))), set[str]()
        while waiting:
            if (found := waiting.pop()) not in seen:
                seen.add(found)
                yield found
                waiting += reversed(self.children.get(found, ()))

    def levels(self, category_id: str) -> int:
        """How many levels `category_id` and what stands below it take."""
        depth = len(self.path(category_id)) - 1
        return max((len(self.path(found)) for found in self.below(category_id)), default=depth + 1) - depth

    def check_move(self, category_id: str, parent: str | None) -> None:
        """422 at /parent unless `category_id`, which may be a new one, can stand below `parent` with all it holds."""
        if parent is None:
            return
        if parent != category_id and parent not in self.places:
            raise invalid("/parent", f"There is no category {parent!r}.")
        above = self.path(parent)
        if category_id in above:
            raise invalid("/parent", "A category can not stand below itself.")
        if len(above) + self.levels(category_id) > MOST_LEVELS:
            raise invalid("/parent", f"Categories stand on at most {MOST_LEVELS} levels.")

    def nearest(self, category_id: str | None) -> str | None:
        """The lowest category on the way down to `category_id` that there is still room for one below."""
        return self.path(category_id)[: MOST_LEVELS - 1][-1] if category_id is not None else None

    def _parent(self, category_id: str) -> str | None:
        place = self.places.get(category_id)
        return place.parent if place is not None and place.parent in self.places else None


def grown(places: Iterable[Place]) -> Tree:
    """The tree of these categories."""
    by_id = {place.id: place for place in places}
    children: dict[str | None, list[str]] = {}
    for place in sorted(by_id.values()):
        children.setdefault(place.parent if place.parent in by_id else None, []).append(place.id)
    return Tree(by_id, {parent: tuple(found) for parent, found in children.items()})
