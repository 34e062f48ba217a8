"""Payments as staff see them: how the shop lets itself be paid, and what only people can do about money."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.payments import accounts, admin_schemas, by_hand, credit_schemas, gift_cards, offering, store_credit
from chalicelib.payments.methods import MethodTerms

routes = StaffRoutes(__name__)


@routes.get("/admin/payment-methods", permission=Permission.SETTINGS_READ)
def list_all_methods() -> admin_schemas.MethodsOnTerms:
    """All ways to pay there are, and on what terms this shop takes each."""
    return admin_schemas.methods(offering.every())


@routes.put("/admin/payment-methods/{method_id}", permission=Permission.SETTINGS_WRITE)
def put_method(method_id: str, body: MethodTerms, staff: Staff) -> admin_schemas.MethodsOnTerms:
    """Say on what terms a method is taken: where, in what, from whom, for how much. The answer are all methods."""
    offering.put(method_id, body, staff)
    return admin_schemas.methods(offering.every())


@routes.post("/admin/payments/{payment_id}/receive", permission=Permission.REFUNDS_WRITE)
def receive_payment(
    payment_id: str, body: admin_schemas.Receipt, once: Once, staff: Staff
) -> admin_schemas.StaffPayment:
    """Money has arrived for an order that is paid by bank transfer or invoice: how much, and under what reference.

    409 `wrong_method` for any other method; what is too much has to be transferred back: /admin/refunds/to-pay-out.
    """
    return admin_schemas.payment(by_hand.receive(payment_id, body.amount, body.reference, once, staff))


@routes.get("/admin/payments/overdue", permission=Permission.ORDERS_READ)
def list_overdue_payments() -> admin_schemas.StaffPayments:
    """Invoices that should have been paid by now, the oldest first; at most a hundred or so."""
    return admin_schemas.payments(by_hand.overdue())


@routes.get("/admin/refunds/to-pay-out", permission=Permission.ORDERS_READ)
def list_refunds_to_pay_out() -> admin_schemas.HandRefunds:
    """Refunds that staff have to transfer, those that wait longest first; at most a hundred or so."""
    return admin_schemas.refunds(by_hand.to_pay_out())


@routes.post("/admin/refunds/{refund_id}/pay-out", permission=Permission.REFUNDS_WRITE)
def pay_out_refund(refund_id: str, once: Once, staff: Staff) -> admin_schemas.HandRefund:
    """A refund's money was transferred. 409 `wrong_method` if a provider carries it out."""
    return admin_schemas.refund(by_hand.pay_out(refund_id, once, staff))


@routes.get("/admin/orders/{order_id}/ledger", permission=Permission.ORDERS_READ)
def show_ledger(order_id: str) -> admin_schemas.Ledger:
    """What is written down of an order's money, in double entry, and what stands on each account."""
    return admin_schemas.ledger(accounts.of_order(order_id))


@routes.post("/admin/gift-cards", status=201, permission=Permission.REFUNDS_WRITE)
def issue_gift_card(body: credit_schemas.NewGiftCard, once: Once, staff: Staff) -> credit_schemas.IssuedGiftCard:
    """Issue a gift card. Its code is in the answer, and nowhere else: whoever has it has the money."""
    return credit_schemas.issued(*gift_cards.issue(body.amount, body.expires_on, body.note, once, staff))


@routes.get("/admin/gift-cards/{card_id}", permission=Permission.ORDERS_READ)
def show_gift_card(card_id: str, query: Page) -> credit_schemas.GiftCardPage:
    """A gift card: what is left on it, and its movements."""
    after = credit_schemas.position(query)
    card = gift_cards.find(card_id)
    return credit_schemas.gift_card_page(card, *gift_cards.journal(card, query.limit, after))


@routes.post("/admin/gift-cards/{card_id}/disable", permission=Permission.REFUNDS_WRITE)
def disable_gift_card(card_id: str, staff: Staff) -> credit_schemas.GiftCardView:
    """Let nobody pay with a gift card any more. What is left on it stays there."""
    return credit_schemas.gift_card(gift_cards.disable(card_id, staff))


@routes.get("/admin/users/{user_id}/store-credit", permission=Permission.ORDERS_READ)
def show_store_credit(user_id: str, query: Page) -> credit_schemas.StoreCreditPage:
    """What the shop owes a customer, and how that came about."""
    movements = store_credit.journal(user_id, query.limit, credit_schemas.position(query))
    return credit_schemas.store_credit_page(user_id, store_credit.of_customer(user_id), *movements)


@routes.post("/admin/users/{user_id}/store-credit", permission=Permission.REFUNDS_WRITE)
def change_store_credit(
    user_id: str, body: credit_schemas.ChangeStoreCredit, once: Once, staff: Staff
) -> credit_schemas.StoreCreditPage:
    """Give a customer credit, or take it back with a negative amount. 409 `not_enough_credit` if less is left."""
    store_credit.change(user_id, body.amount.amount, body.amount.currency, body.reason, once, staff)
    return show_store_credit(user_id, Page())
