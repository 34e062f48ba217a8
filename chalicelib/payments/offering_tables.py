"""On what terms the shop takes each method, in the payments table: SETTINGS / METHOD#<id>."""

from chalicelib.core import dynamo
from chalicelib.core.cache import for_a_minute
from chalicelib.core.dynamo import JsonAttribute, PrimaryKey
from chalicelib.payments.methods import MethodTerms
from chalicelib.payments.tables import PaymentsItem


class KeptTerms(PaymentsItem, discriminator="method_terms"):
    terms = JsonAttribute(MethodTerms)


def terms_key(method_id: str) -> PrimaryKey:
    return {"pk": "SETTINGS", "sk": f"METHOD#{method_id}"}


def decided() -> dict[str, MethodTerms]:
    """What staff decided, by the method's id."""
    kept = dynamo.collection(KeptTerms, "SETTINGS", consistent=True)
    return {item.sk.removeprefix("METHOD#"): item.terms for item in kept}


@for_a_minute
def lately_decided() -> dict[str, MethodTerms]:
    return decided()
