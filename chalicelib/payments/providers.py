"""Which provider stands behind a method. Another one is another file like stripe_gateway and a line here."""

from chalicelib.payments import stripe_customers, stripe_gateway
from chalicelib.payments.provider import PaymentProvider, Vault

STRIPE: PaymentProvider = stripe_gateway
# Where customers save their cards.
VAULT: Vault = stripe_customers


def of(method_id: str) -> PaymentProvider:
    """The provider through which a payment by this method goes."""
    return STRIPE
