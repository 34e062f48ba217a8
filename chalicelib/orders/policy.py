"""How this shop takes orders: what staff decide once and every order follows. Kept in one item, read once a minute."""

from datetime import timedelta

from chalicelib.core import audit, cache, dynamo
from chalicelib.core.errors import invalid, pointer_part
from chalicelib.core.staff import Staff
from chalicelib.orders import policy_tables
from chalicelib.orders.policy_tables import KeptPolicy, OrderPolicy
from chalicelib.payments import service as payments


def current() -> OrderPolicy:
    """The shop's policy; what nobody decided is as it comes. A change is seen everywhere within a minute."""
    return policy_tables.policy()


def pay_within(method_id: str) -> timedelta:
    """For how long an order that is to be paid by this method is kept unpaid."""
    minutes = current().pay_within_minutes.get(method_id)
    return payments.usual_wait(method_id) if minutes is None else timedelta(minutes=minutes)


def put(policy: OrderPolicy, by: Staff) -> OrderPolicy:
    """Decide anew. The same again changes nothing. 422 for a time to wait for a method that nobody waits for."""
    _check(policy)
    if policy_tables.kept_policy() != policy:
        entry = audit.entry(by, "order_policy.put", "order_policy")
        dynamo.transaction([dynamo.put(KeptPolicy(**policy_tables.policy_key(), policy=policy)), entry])
    cache.forget()
    return policy


def _check(policy: OrderPolicy) -> None:
    known = payments.waited_for()
    for method_id in policy.pay_within_minutes:
        if method_id not in known:
            detail = f"Orders wait for their payment by {', '.join(known)}."
            raise invalid(f"/pay_within_minutes/{pointer_part(method_id)}", detail)
