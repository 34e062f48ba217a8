"""Which provider stands behind a method. Another one is another file like stripe_gateway and a line here."""

from chalicelib.payments import stripe_books, stripe_customers, stripe_disputes, stripe_gateway
from chalicelib.payments.provider import PaymentProvider, ProviderBooks, ProviderDisputes, Vault

STRIPE: PaymentProvider = stripe_gateway
DISPUTES: ProviderDisputes = stripe_disputes
BOOKS: ProviderBooks = stripe_books
# Where customers save their cards.
VAULT: Vault = stripe_customers


def of(method_id: str) -> PaymentProvider:
    """The provider through which a payment by this method goes."""
    return STRIPE
