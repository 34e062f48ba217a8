"""What makes an order found by its number and its e-mail address: written with the order itself."""

from chalicelib.core import dynamo, ids
from chalicelib.core.dynamo import Action
from chalicelib.orders.finding import finding_tables, order_numbers
from chalicelib.orders.finding.finding_tables import EmailsOrder, OrderNumber
from chalicelib.orders.tables import OrderHeader


class NumberTaken(Exception):
    """Another order has the number that chance gave: try another one."""


def new_number() -> str:
    """A number by chance alone: nothing is counted, so nothing is hot, and nobody learns how much the shop sells."""
    while True:
        if number := order_numbers.of_bits(ids.random_bits()):
            return number


def listed(header: OrderHeader, email: str) -> list[Action]:
    """Write actions that list a new order under its number and its e-mail address. Committing raises NumberTaken."""
    number = OrderNumber(**finding_tables.number_key(str(header.number)), order_id=header.id)
    entry = EmailsOrder(**finding_tables.emails_order_key(email, header.placed_at, header.id), order_id=header.id)
    return [dynamo.insert(number, NumberTaken()), dynamo.put(entry)]
