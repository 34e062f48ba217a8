import pytest

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.orders.limits import cod_terms

LIMITS = [Money(50_000, "EUR"), Money(30_000, "JPY")]


@pytest.mark.parametrize("total", [Money(50_000, "EUR"), Money(30_000, "JPY"), Money(9_999_999, "USD")])
def test_up_to_the_limit_of_its_currency_a_guest_pays_at_the_door(total):
    cod_terms.check(total, LIMITS)


@pytest.mark.parametrize(("total", "said"), [(Money(50_001, "EUR"), "500.00 EUR"), (Money(30_001, "JPY"), "30000 JPY")])
def test_over_it_the_limit_is_named(total, said):
    with pytest.raises(ShopError, match=said) as refused:
        cod_terms.check(total, LIMITS)
    assert (refused.value.code, refused.value.status) == ("payment_method_unavailable", 422)


def test_staff_look_at_what_reaches_the_amount():
    assert cod_terms.needs_review(Money(50_000, "EUR"), LIMITS)
    assert not cod_terms.needs_review(Money(49_999, "EUR"), LIMITS)
    assert not cod_terms.needs_review(Money(10**9, "USD"), LIMITS)
