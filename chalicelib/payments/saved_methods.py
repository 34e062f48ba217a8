"""Ways to pay that customers have saved with the provider. The shop knows only who they are there."""

from collections.abc import Mapping

from pynamodb.expressions.condition import Condition

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Item, Key
from chalicelib.core.errors import not_found
from chalicelib.core.idempotency import Once
from chalicelib.payments import provider, providers, saved_tables
from chalicelib.payments.provider import SavedMethod as SavedMethod
from chalicelib.payments.saved_tables import KnownCustomer


def refs(customer_id: str | None) -> list[Key]:
    """Where the provider's id of a customer is read, for a use case that reads several modules' items at once."""
    return [saved_tables.customer_ref(customer_id)] if customer_id else []


def among(items: Mapping[Key, Item]) -> str | None:
    """The provider's id of whoever was read at `refs`; None if they have none."""
    return next((item.ref for item in items.values() if isinstance(item, KnownCustomer)), None)


def begin(customer_id: str, once: Once) -> str:
    """The provider's secret with which the customer's browser saves a card; the same request again gives the same one.

    503 `provider_unavailable` if the provider does not answer.
    """
    key = f"save/{once.scope}/{once.fingerprint}" if once.key else f"save/{ids.new_secret()}"
    try:
        return _begun(customer_id, key)
    except provider.Unavailable:
        raise provider.no_answer() from None


def of(customer_id: str) -> tuple[list[SavedMethod], str | None]:
    """What a customer has saved, the newest first, and the id of the one that they want to be asked with first: the
    newest, if they chose none. Errors as in `begin`.
    """
    known = saved_tables.known(customer_id)
    saved = _saved(known)
    ids = [method.id for method in saved]
    chosen = known.chosen if known and known.chosen in ids else None
    return saved, chosen or (ids[0] if ids else None)


def choose(customer_id: str, method_id: str) -> None:
    """Let this one be asked with first. 404 if the customer has not saved it."""
    known = _owner(customer_id, method_id)
    dynamo.write(dynamo.update(known, [KnownCustomer.chosen.set(method_id)], KnownCustomer.pk.exists()))


def forget(customer_id: str, method_id: str) -> None:
    """Nobody can pay with it any more. 404 if the customer has not saved it."""
    _owner(customer_id, method_id)
    try:
        providers.VAULT.forget(method_id)
    except provider.Refused:
        return  # a twin of this request was faster
    except provider.Unavailable:
        raise provider.no_answer() from None


def _owner(customer_id: str, method_id: str) -> KnownCustomer:
    known = saved_tables.known(customer_id)
    if known is None or all(method.id != method_id for method in _saved(known)):
        raise not_found("saved payment method")
    return known


def _saved(known: KnownCustomer | None) -> list[SavedMethod]:
    try:
        return providers.VAULT.saved(known.ref) if known else []
    except provider.Refused:
        return []  # the provider does not know them any more, as after a change of account
    except provider.Unavailable:
        raise provider.no_answer() from None


def _begun(customer_id: str, key: str) -> str:
    ref = _registered(customer_id)
    try:
        return providers.VAULT.begin_saving(ref, key)
    except provider.Refused:
        # Nobody there knows them any more: they are somebody new.
        return providers.VAULT.begin_saving(_registered_anew(customer_id, ref), f"{key}/anew")


class _Known(Exception):
    """A twin of this request has registered the customer."""


def _registered(customer_id: str) -> str:
    """The provider's id of a customer, who is made known there at their first card."""
    if (known := saved_tables.known(customer_id)) is not None:
        return str(known.ref)
    ref = providers.VAULT.register(customer_id, None)
    return _kept(customer_id, ref, KnownCustomer.pk.does_not_exist())


def _registered_anew(customer_id: str, instead_of: str) -> str:
    ref = providers.VAULT.register(customer_id, instead_of)
    return _kept(customer_id, ref, KnownCustomer.ref == instead_of)


def _kept(customer_id: str, ref: str, before: Condition) -> str:
    known = KnownCustomer(**saved_tables.customer_key(customer_id), ref=ref)
    try:
        dynamo.write(dynamo.put(known, before, _Known()))
    except _Known:
        return str(getattr(saved_tables.known(customer_id), "ref", ref))
    return ref
