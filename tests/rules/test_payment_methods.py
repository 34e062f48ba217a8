import pytest

from chalicelib.core.errors import ShopError
from chalicelib.payments import methods


@pytest.mark.parametrize("method_id", sorted(methods.METHODS))
def test_each_method_is_found_under_its_own_id(method_id):
    assert methods.method(method_id).id == method_id


def test_cash_on_delivery_is_sent_on_trust():
    assert methods.method("cash_on_delivery").paid_on_delivery


@pytest.mark.parametrize("unknown", ["", "cheque", "Cash_on_delivery", "__class__"])
def test_a_method_that_the_shop_does_not_take_is_refused_with_those_that_it_takes(unknown):
    with pytest.raises(ShopError, match="cash_on_delivery") as refused:
        methods.method(unknown)
    problem = refused.value
    assert (problem.code, problem.status, problem.pointer) == ("unknown_payment_method", 422, "/payment_method")
