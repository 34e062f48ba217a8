"""Which provider stands behind a method. Another one is another file like stripe_gateway and a line here."""

from chalicelib.payments import stripe_books, stripe_gateway
from chalicelib.payments.provider import PaymentProvider, ProviderBooks

STRIPE: PaymentProvider = stripe_gateway
BOOKS: ProviderBooks = stripe_books


def of(method_id: str) -> PaymentProvider:
    """The provider through which a payment by this method goes."""
    return STRIPE
