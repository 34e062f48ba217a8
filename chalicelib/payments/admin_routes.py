"""Staff's work on payments."""

from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.payments import credit_schemas, gift_cards, store_credit

routes = StaffRoutes(__name__)


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
