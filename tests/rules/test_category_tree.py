import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.sorting.category_tree import MOST_LEVELS, Place, Tree, grown
from chalicelib.core.errors import ShopError

IDS = [f"c{n}" for n in range(12)]
moves = st.lists(st.tuples(st.sampled_from(IDS), st.none() | st.sampled_from(IDS)), max_size=60)


def place(category_id: str, parent: str | None = None, position: int = 0) -> Place:
    return Place(position, category_id.upper(), category_id, parent)


def tree(**parents: str | None) -> Tree:
    return grown(place(category_id, parent) for category_id, parent in parents.items())


def chain(length: int) -> dict[str, str | None]:
    return {f"l{n}": f"l{n - 1}" if n else None for n in range(length)}


@st.composite
def trees(draw) -> Tree:
    """What is left after moves, those that are refused among them."""
    found = grown([])
    for category_id, parent in draw(moves):
        try:
            found.check_move(category_id, parent)
        except ShopError:
            continue
        found = grown({**found.places, category_id: place(category_id, parent)}.values())
    return found


@given(trees())
def test_no_moves_make_a_circle_or_a_tree_that_is_too_deep(found: Tree) -> None:
    for category_id in found.places:
        path = found.path(category_id)
        assert len(set(path)) == len(path) <= MOST_LEVELS
        assert found.places[path[0]].parent is None
        assert [found.places[below].parent for below in path[1:]] == list(path[:-1])
    assert sorted(found.below(None)) == sorted(found.places)


@given(trees(), st.sampled_from(IDS))
def test_what_is_below_is_what_has_it_in_its_path(found: Tree, category_id: str) -> None:
    below = {other for other in found.places if category_id in found.path(other)[:-1]}
    assert set(found.below(category_id)) == below
    depths = [len(found.path(other)) for other in below | {category_id}]
    assert found.levels(category_id) == max(depths) - len(found.path(category_id)) + 1


@given(trees(), st.sampled_from(IDS), st.none() | st.sampled_from(IDS))
def test_a_move_takes_along_all_that_stands_below(found: Tree, category_id: str, parent: str | None) -> None:
    try:
        found.check_move(category_id, parent)
    except ShopError:
        return
    moved = grown({**found.places, category_id: place(category_id, parent)}.values())
    before = len(found.path(category_id))
    for other in (category_id, *found.below(category_id)):
        above = moved.path(parent) if parent else ()
        assert moved.path(other) == (*above, *found.path(other)[before - 1 :])


@given(trees(), st.sampled_from(IDS))
def test_the_nearest_place_is_one_that_is_allowed(found: Tree, category_id: str) -> None:
    if category_id in found.places:
        nearest = found.nearest(category_id)
        found.check_move("new", nearest)
        assert nearest in found.path(category_id)


@pytest.mark.parametrize(
    ("category_id", "parent"), [("a", "a"), ("a", "b"), ("a", "c"), ("a", "nowhere"), ("new", "new"), ("b", "nowhere")]
)
def test_a_place_that_can_not_be_is_refused(category_id: str, parent: str) -> None:
    with pytest.raises(ShopError) as refused:
        tree(a=None, b="a", c="b").check_move(category_id, parent)
    assert (refused.value.status, refused.value.pointer) == (422, "/parent")


def test_a_branch_may_only_go_where_it_has_room() -> None:
    found = tree(**chain(MOST_LEVELS), a=None, b="a")
    found.check_move("a", f"l{MOST_LEVELS - 3}")
    with pytest.raises(ShopError):
        found.check_move("a", f"l{MOST_LEVELS - 2}")
    found.check_move("b", f"l{MOST_LEVELS - 2}")
    assert found.nearest(f"l{MOST_LEVELS - 1}") == f"l{MOST_LEVELS - 2}"


def test_siblings_stand_by_position_and_then_by_name() -> None:
    found = grown([place("b"), place("a"), place("first", None, 0), place("z", None, 1), place("below-a", "a")])
    assert list(found.below(None)) == ["a", "below-a", "b", "first", "z"]


def test_damaged_data_ends_every_walk() -> None:
    circle = tree(a="b", b="a", c="gone")
    assert circle.path("a") == ("b", "a")
    assert set(circle.below("a")) == {"a", "b"}
    assert list(circle.below(None)) == ["c"]
    assert circle.path("gone") == ("gone",)
