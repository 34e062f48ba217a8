"""Which ways to pay are open to whom. Staff decide, checkout enforces; a change is seen everywhere within a minute."""

from chalicelib.core import audit, cache, dynamo
from chalicelib.core.errors import ShopError, invalid, not_found
from chalicelib.core.staff import Staff
from chalicelib.payments import methods, offering_tables, provider, providers
from chalicelib.payments.methods import Asking as Asking
from chalicelib.payments.methods import MethodTerms as MethodTerms
from chalicelib.payments.methods import PaymentMethod as PaymentMethod
from chalicelib.payments.offering_tables import KeptTerms


def offered(asking: Asking | None = None) -> list[PaymentMethod]:
    """The ways to pay that this shop offers to whoever is `asking`; None: all that it offers to anybody.

    503 `provider_unavailable` if nobody knows whether there is an account with the provider.
    """
    try:
        has_provider = providers.STRIPE.is_configured()
    except provider.Unavailable:
        raise provider.no_answer() from None
    return methods.offered(offering_tables.lately_decided(), has_provider, asking or Asking())


def _without_provider(asking: Asking) -> list[PaymentMethod]:
    """Those of `offered` that are there whatever becomes of the provider."""
    return methods.offered(offering_tables.lately_decided(), has_provider=False, asking=asking)


def method(method_id: str) -> PaymentMethod:
    """The method with this id; 422 `unknown_payment_method` if the shop offers it to nobody, 503 as `offered`."""
    free = [method for method in _without_provider(Asking()) if method.id == method_id]
    return methods.chosen(method_id, free or offered())


def check(method: PaymentMethod, asking: Asking) -> None:
    """422 `payment_method_unavailable` if this is not offered to whoever is asking; 503 as `offered`."""
    if method not in _without_provider(asking) and method not in (among := offered(asking)):
        instead = f"Take {', '.join(other.id for other in among)}." if among else "Nothing else is either."
        detail = f"{method.name} is not offered for this order. {instead}"
        raise ShopError("payment_method_unavailable", 422, detail, pointer="/payment_method")


def of_the_rest(method_id: str) -> str:
    """By what an order is paid that came to cost more. Where nothing but credit was chosen, by what the shop offers to
    everybody and is paid before anything is sent."""
    if methods.METHODS[method_id].timing != "credit":
        return method_id
    return next((method.id for method in offered() if not method.on_trust), methods.BANK_TRANSFER.id)


def net_days(method_id: str) -> int:
    """For how many days an invoice may stay unpaid."""
    return methods.terms_of(methods.METHODS[method_id], offering_tables.lately_decided()).net_days


def every() -> list[tuple[PaymentMethod, MethodTerms]]:
    """All methods there are, and on what terms the shop takes each, as it is kept."""
    decided = offering_tables.decided()
    return [(method, methods.terms_of(method, decided)) for method in methods.CHOICE]


def put(method_id: str, terms: MethodTerms, by: Staff) -> None:
    """Take a method on these terms. The same again changes nothing. 422 for a currency in which it can not be taken."""
    known = next((method for method in methods.CHOICE if method.id == method_id), None)
    if known is None:
        raise not_found("payment method")
    if known.currencies is not None and (others := (terms.currencies or frozenset()) - known.currencies):
        raise invalid("/currencies", f"{known.name} can not be taken in {', '.join(sorted(others))}.")
    if offering_tables.decided().get(method_id) != terms:
        entry = audit.entry(by, "payment_method.put", method_id, enabled=str(terms.enabled).lower())
        dynamo.transaction([dynamo.put(KeptTerms(**offering_tables.terms_key(method_id), terms=terms)), entry])
    cache.forget()
