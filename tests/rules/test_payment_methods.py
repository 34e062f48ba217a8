import pytest

from chalicelib.core.errors import ShopError
from chalicelib.payments import methods

ALL = methods.offered(has_provider=True)


@pytest.mark.parametrize("method_id", [method.id for method in ALL])
def test_each_method_is_found_under_its_own_id(method_id):
    assert methods.chosen(method_id, ALL).id == method_id


def test_nobody_chooses_to_pay_with_goods_that_they_returned():
    assert methods.EXCHANGE_CREDIT not in ALL
    assert methods.METHODS["exchange_credit"] is methods.EXCHANGE_CREDIT


def test_cash_on_delivery_is_sent_on_trust_and_a_card_is_not():
    assert methods.chosen("cash_on_delivery", ALL).paid_on_delivery
    assert not methods.chosen("card", ALL).paid_on_delivery


def test_without_a_provider_there_is_only_cash():
    assert [method.id for method in methods.offered(has_provider=False)] == ["cash_on_delivery"]
    with pytest.raises(ShopError, match="takes cash_on_delivery"):
        methods.chosen("card", methods.offered(has_provider=False))


@pytest.mark.parametrize("unknown", ["", "cheque", "Cash_on_delivery", "__class__"])
def test_a_method_that_the_shop_does_not_take_is_refused_with_those_that_it_takes(unknown):
    with pytest.raises(ShopError, match="card, cash_on_delivery") as refused:
        methods.chosen(unknown, ALL)
    problem = refused.value
    assert (problem.code, problem.status, problem.pointer) == ("unknown_payment_method", 422, "/payment_method")
