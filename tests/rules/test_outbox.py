from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.events import ProductUpdated
from chalicelib.core import events, ids, outbox

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001 - the zone is drawn
periods = st.integers(0, 3 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def updated(at: datetime = AT, version: int = 7) -> ProductUpdated:
    return ProductUpdated(at=at, aggregate_id="prd_1", aggregate_version=version, handle="龙井茶")


def image(event: events.Event) -> dict[str, dict[str, str]]:
    kinds = {str: "S", int: "N"}
    return {name: {kinds[type(value)]: str(value)} for name, value in outbox.attributes(event).items()}


@given(moments, st.integers(1, 10**9))
def test_what_leaves_the_outbox_is_what_was_put_in(at, version):
    event = updated(at, version)
    record = outbox.from_image(image(event))
    assert (record.source, record.name) == ("jishi.catalog", "ProductUpdated")
    assert events.decode(record.detail.encode(), ProductUpdated) == event


@given(moments, periods, periods)
def test_an_event_lies_in_a_partition_of_every_period_that_it_falls_into(at, before, after):
    assert outbox.attributes(updated(at))["pk"] in set(outbox.partitions(at - before, at + after))


@given(moments, periods, st.integers(1, 48))
def test_an_event_lies_in_no_partition_of_a_later_or_earlier_hour(at, length, hours):
    key, gap = outbox.attributes(updated(at))["pk"], timedelta(hours=hours)
    assert key not in set(outbox.partitions(at + gap, at + gap + length))
    assert key not in set(outbox.partitions(at - gap - length, at - gap))


@given(moments, periods)
def test_no_partition_is_read_twice_and_all_are_outbox_partitions(since, length):
    keys = list(outbox.partitions(since, since + length))
    assert len(keys) == len(set(keys))
    assert all(key.startswith(outbox.PREFIX) for key in keys)


@given(moments, periods)
def test_partitions_come_in_the_order_of_time(since, length):
    hours = [key.split("#")[1] for key in outbox.partitions(since, since + length)]
    assert hours == sorted(hours)


def test_a_period_that_ends_before_it_begins_holds_nothing():
    assert list(outbox.partitions(AT, AT - timedelta(hours=1))) == []


def test_the_events_of_an_hour_are_spread_over_all_of_its_partitions():
    used = {outbox.attributes(updated())["pk"] for _ in range(200)}
    assert used == set(outbox.partitions(AT, AT))


def test_an_event_that_is_put_twice_has_the_same_key():
    event = updated()
    assert outbox.attributes(event) == outbox.attributes(event)


def test_an_item_is_found_by_its_event_and_kept_for_ninety_days():
    event = updated()
    item = outbox.attributes(event)
    assert ids.is_id("evt", item["sk"])
    assert (item["sk"], item["kind"], item["at"]) == (event.id, "outbox", "2026-01-02T03:04:05.678Z")
    assert datetime.fromtimestamp(item["expires"], UTC) == datetime(2026, 4, 2, 3, 4, 5, tzinfo=UTC)


def test_events_of_the_same_hour_in_different_time_zones_lie_together():
    here, there = AT.astimezone(timezone(timedelta(hours=8))), AT.astimezone(timezone(timedelta(hours=-5)))
    assert list(outbox.partitions(here, here)) == list(outbox.partitions(there, there))
    assert outbox.attributes(updated(here))["pk"].startswith("OUTBOX#2026-01-02T03#")


@pytest.mark.parametrize("missing", ["source", "name", "detail"])
def test_an_item_that_is_no_outbox_item_is_not_sent(missing):
    item = image(updated())
    del item[missing]
    with pytest.raises(KeyError, match=missing):
        outbox.from_image(item)
