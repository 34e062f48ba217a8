import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.core import ids

ORDER = "ord_01kdyhq2wgf3v8m6t4x9c7b5az"

# 2020 to 2100, in nanoseconds
moments = st.integers(1_577_836_800_000_000_000, 4_102_444_800_000_000_000)
prefixes = st.from_regex(r"[a-z]{3}", fullmatch=True)
ordinals = st.integers(1, 999)


def made_at(*nanoseconds: int) -> list[str]:
    """The ids that one fresh process makes when its clock shows these times."""
    readings = iter(nanoseconds)
    clock = SimpleNamespace(time_ns=lambda: next(readings))
    with patch.object(ids, "time", clock), patch.object(ids, "_last", 0):
        return [ids.new_id("ord") for _ in nanoseconds]


def test_ids_sort_in_the_order_of_their_making():
    made = [ids.new_id("ord") for _ in range(5_000)]
    assert made == sorted(set(made))


@given(st.lists(moments, min_size=2, max_size=20))
def test_ids_sort_even_where_the_clock_goes_back(readings):
    made = made_at(*readings)
    assert made == sorted(set(made))


def test_ids_sort_even_where_the_clock_stands_still():
    made = made_at(*[1_767_323_045_678_000_000] * 10_000)
    assert made == sorted(set(made))


@given(moments, st.integers(1_000, 10_000_000))
def test_ids_of_different_processes_sort_by_the_microsecond(now, later):
    (first,), (second,) = made_at(now), made_at(now + later)
    assert first < second


@given(moments)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond(now):
    with patch.object(ids, "time", SimpleNamespace(time_ns=lambda: now)), patch.object(ids, "_last", 0):
        made = uuid.UUID(int=ids.uuid7())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now // 1_000_000


@given(prefixes, prefixes)
def test_an_id_is_known_by_its_prefix(prefix, other):
    assume(prefix != other)
    made = ids.new_id(prefix)
    assert ids.is_id(prefix, made)
    assert not ids.is_id(other, made)


@given(prefixes, prefixes, ordinals)
def test_a_part_leads_back_to_what_it_is_a_part_of(prefix, parent_prefix, ordinal):
    parent = ids.new_id(parent_prefix)
    part = ids.derived(prefix, parent, ordinal)
    assert ids.is_id(prefix, part)
    assert ids.parent_of(parent_prefix, part) == parent


@given(ordinals, ordinals)
def test_the_same_part_always_has_the_same_id_and_another_part_another(one, other):
    assert (ids.derived("shp", ORDER, one) == ids.derived("shp", ORDER, other)) == (one == other)


def test_parts_of_different_orders_differ():
    assert ids.derived("shp", ids.new_id("ord"), 1) != ids.derived("shp", ids.new_id("ord"), 1)


def test_the_first_shipment_of_an_order_is_named_after_it():
    assert ids.derived("shp", ORDER, 1) == ORDER.replace("ord", "shp") + "-1"


@pytest.mark.parametrize(
    "text",
    ["", "ord", "ord_", ORDER[:-1], ORDER + "0", ORDER.upper(), f" {ORDER}", f"{ORDER}\n", f"{ORDER}#", f"x{ORDER}"]
    + [ORDER[:-1] + unread for unread in "ilou#/é٣"]
    + [f"{ORDER}{tail}" for tail in ("-", "-1000", "-x", "-1-2", "-1\n")]
    + [ORDER.replace("_", "-"), ORDER.replace("ord", "orde")],
)
def test_what_the_shop_did_not_make_is_no_id(text):
    assert not ids.is_id("ord", text)


def test_secrets_are_128_random_bits():
    secrets = {ids.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(bytes.fromhex(secret)) for secret in secrets} == {16}


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_secret_itself_matches_its_digest(secret, other):
    assert ids.matches(other, ids.digest(secret)) == (other == secret)


def test_a_digest_does_not_show_its_secret():
    secret = ids.new_secret()
    assert secret not in ids.digest(secret)


@given(st.tuples(st.text(max_size=20), st.text(max_size=20)), st.tuples(st.text(max_size=20), st.text(max_size=20)))
def test_a_derived_secret_is_the_same_for_one_secret_and_purpose_only(one, other):
    assert (ids.derive_secret(*one) == ids.derive_secret(*other)) == (one == other)


def test_a_derived_secret_has_128_bits_and_is_not_the_secret():
    secret = ids.new_secret()
    derived = ids.derive_secret(secret, "order-token")
    assert len(bytes.fromhex(derived)) == 16
    assert derived not in (secret, ids.digest(secret))


def test_a_named_id_is_always_the_same_and_tells_nothing():
    named = ids.named("rev", ORDER, "MUG")
    assert named == ids.named("rev", ORDER, "MUG")
    assert ids.is_id("rev", named)
    assert ORDER.partition("_")[2] not in named
    assert len({named, ids.named("rev", ORDER, "BOWL"), ids.named("rev", "ord_x", "MUG")}) == 3


@given(moments, st.text(), st.text())
def test_an_id_named_at_a_time_is_always_the_same_and_tells_the_time(nanoseconds, one, other):
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    made = ids.named_at("fnd", moment, one)
    assert made == ids.named_at("fnd", moment, one)
    assert (made == ids.named_at("fnd", moment, other)) == (one == other)
    assert ids.is_id("fnd", made)
    assert abs(ids.made_at(made) - moment) < timedelta(milliseconds=1)


@given(moments, ordinals)
def test_an_id_and_what_is_derived_from_it_tell_when_it_was_made(nanoseconds, ordinal):
    (made,) = made_at(nanoseconds)
    told = ids.made_at(made)
    assert int(told.timestamp() * 1000 + 0.5) == nanoseconds // 1_000_000
    assert ids.made_at(ids.derived("pay", made, ordinal)) == told


@given(moments, moments)
def test_ids_named_at_times_sort_among_the_others_by_time(one, other):
    first, second = sorted((one // 1_000_000, other // 1_000_000))
    assume(first + 1 < second)
    (made,) = made_at(second * 1_000_000)
    assert ids.named_at("ord", datetime.fromtimestamp(first / 1000, UTC), "x") < made
