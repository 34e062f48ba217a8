"""Who is asking for a cart, an order or a payment: a customer who logged in, or a guest with a secret."""

import msgspec

from chalicelib.core import ids


class Customer(msgspec.Struct, frozen=True):
    """A customer as the verified id token names them: `id` is the token's `sub`, `name` what they registered with."""

    id: str
    email: str
    name: str | None = None


class Visitor(msgspec.Struct, frozen=True):
    """Exactly one of the two is set: a customer's id, or a guest's secret."""

    customer: str | None = None
    secret: str | None = None

    def opens(self, customer_id: str | None, token_hash: str | None) -> bool:
        """Whether what belongs to `customer_id`, or was given out under the secret of `token_hash`, is theirs."""
        if self.customer is not None:
            return self.customer == customer_id
        return self.secret is not None and token_hash is not None and ids.matches(self.secret, token_hash)
