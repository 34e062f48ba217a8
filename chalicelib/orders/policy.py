"""How this shop takes orders: what staff decide once and every order follows. Kept in one item, read once a minute."""

from chalicelib.core import audit, cache, dynamo
from chalicelib.core.staff import Staff
from chalicelib.orders import policy_tables
from chalicelib.orders.policy_tables import KeptPolicy, OrderPolicy


def current() -> OrderPolicy:
    """The shop's policy; what nobody decided is as it comes. A change is seen everywhere within a minute."""
    return policy_tables.policy()


def put(policy: OrderPolicy, by: Staff) -> OrderPolicy:
    """Decide anew. The same again changes nothing."""
    if policy_tables.kept_policy() != policy:
        entry = audit.entry(by, "order_policy.put", "order_policy")
        dynamo.transaction([dynamo.put(KeptPolicy(**policy_tables.policy_key(), policy=policy)), entry])
    cache.forget()
    return policy
