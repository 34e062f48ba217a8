import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.core.money import Money
from chalicelib.payments import methods
from chalicelib.payments.methods import Asking, MethodTerms

EVERY = {method.id: MethodTerms() for method in methods.CHOICE}
ALL = methods.offered({}, has_provider=True, asking=Asking())


NOTHING_KNOWN = Asking()


def offered(asking=NOTHING_KNOWN, has_provider=True, **terms):
    return [method.id for method in methods.offered(EVERY | terms, has_provider, asking)]


@pytest.mark.parametrize("method_id", [method.id for method in ALL])
def test_each_method_is_found_under_its_own_id(method_id):
    assert methods.chosen(method_id, ALL).id == method_id


@pytest.mark.parametrize("credit", ["exchange_credit", "gift_card", "store_credit"])
def test_nobody_chooses_credit_to_pay_a_whole_order(credit):
    assert methods.METHODS[credit] not in methods.CHOICE


def test_a_shop_that_decided_nothing_takes_cards_and_cash_at_the_door():
    assert [method.id for method in ALL] == ["card", "cash_on_delivery"]


def test_what_is_sent_before_it_is_paid_is_sent_on_trust():
    trusted = {method.id for method in methods.CHOICE if method.on_trust}
    assert trusted == {"cash_on_delivery", "invoice"}


def test_without_a_provider_there_is_only_what_needs_none():
    assert offered(has_provider=False) == ["bank_transfer", "invoice", "cash_on_delivery"]


def test_an_authorization_has_an_end_and_what_is_taken_at_once_has_none():
    for method in methods.CHOICE:
        assert (method.authorization_lives is not None) == method.authorizes
        assert not method.authorizes or method.has_provider


@pytest.mark.parametrize("unknown", ["", "cheque", "Cash_on_delivery", "__class__"])
def test_a_method_that_the_shop_does_not_take_is_refused_with_those_that_it_takes(unknown):
    with pytest.raises(ShopError, match="card, cash_on_delivery") as refused:
        methods.chosen(unknown, ALL)
    problem = refused.value
    assert (problem.code, problem.status, problem.pointer) == ("unknown_payment_method", 422, "/payment_method")


def test_a_debit_is_taken_in_euros_from_countries_that_have_it():
    assert "sepa_debit" in offered(Asking(currency="EUR", country="NL"))
    assert "sepa_debit" not in offered(Asking(currency="USD", country="NL"))
    assert "sepa_debit" not in offered(Asking(currency="EUR", country="US"))


def test_an_invoice_is_for_those_groups_that_staff_trust():
    terms = {"invoice": MethodTerms(groups=frozenset({"trade"}))}
    assert "invoice" in offered(Asking(groups=frozenset({"trade", "staff"})), **terms)
    assert "invoice" not in offered(Asking(groups=frozenset()), **terms)
    assert "invoice" in offered(Asking(), **terms)


def test_what_is_not_enabled_is_offered_to_nobody():
    assert "alipay" not in offered(alipay=MethodTerms(enabled=False))


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_limits_count_themselves_in_and_other_currencies_not_at_all(amount, least, most):
    terms = MethodTerms(least=(Money(least, "EUR"),), most=(Money(most, "EUR"), Money(0, "USD")))
    seen = offered(Asking(Money(amount, "EUR")), card=terms)
    assert ("card" in seen) == (least <= amount <= most)
    assert "card" in offered(Asking(Money(amount, "GBP")), card=terms)


@given(st.sampled_from(methods.CHOICE), st.sets(st.sampled_from(["NL", "DE", "CN"]), min_size=1))
def test_a_country_is_among_those_that_both_the_provider_and_the_shop_take(method, countries):
    terms = {method.id: MethodTerms(countries=frozenset(countries))}
    for country in ("NL", "DE", "CN", "US"):
        able = method.countries is None or country in method.countries
        assert (method.id in offered(Asking(country=country), **terms)) == (able and country in countries)
