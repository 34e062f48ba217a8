from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import clock

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001 - the zone is drawn


def test_now_is_in_utc_to_the_millisecond():
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    now = clock.now()
    assert before < now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert now.microsecond % 1000 == 0


def test_a_stamp_is_rfc_3339_in_utc():
    noon_in_shanghai = datetime(2026, 1, 2, 12, 0, 0, 5_000, tzinfo=timezone(timedelta(hours=8)))
    assert clock.stamp(noon_in_shanghai) == "2026-01-02T04:00:00.005Z"


def test_a_stamp_survives_being_read():
    now = clock.now()
    assert datetime.fromisoformat(clock.stamp(now)) == now


@given(moments, moments)
def test_stamps_sort_as_text_in_the_order_of_time(one, other):
    if one <= other:
        assert clock.stamp(one) <= clock.stamp(other)
    if other - one >= timedelta(milliseconds=1):
        assert clock.stamp(one) < clock.stamp(other)
