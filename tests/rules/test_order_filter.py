from hypothesis import given
from hypothesis import strategies as st

from chalicelib.orders.finding.order_filter import OrderFilter, Standing, fits

ORDER = Standing("confirmed", "paid", "unfulfilled", "card", frozenset({"vip", "gift"}), on_hold=False)
TRUE = {
    "status": "confirmed",
    "payment_status": "paid",
    "fulfillment_status": "unfulfilled",
    "payment_method": "card",
    "tag": "gift",
    "on_hold": False,
}
FALSE = {
    "status": "canceled",
    "payment_status": "unpaid",
    "fulfillment_status": "delivered",
    "payment_method": "cash_on_delivery",
    "tag": "b2b",
    "on_hold": True,
}
names = st.sets(st.sampled_from(sorted(TRUE)))


@given(names, names)
def test_an_order_fits_if_all_that_is_asked_is_so(true, false):
    wanted = OrderFilter(**{n: TRUE[n] for n in true} | {n: FALSE[n] for n in false})
    assert fits(ORDER, wanted) == (not false)


@given(names, names)
def test_what_is_said_goes_before_what_is_saved(said, saved):
    over = OrderFilter(**{n: TRUE[n] for n in said}).over(OrderFilter(**{n: FALSE[n] for n in saved}))
    for name, true in TRUE.items():
        expected = true if name in said else FALSE[name] if name in saved else None
        assert getattr(over, name) == expected
