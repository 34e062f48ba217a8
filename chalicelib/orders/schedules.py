"""What orders do by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Cron, Rate

from chalicelib.core import jobs
from chalicelib.orders import expiry, unpaired
from chalicelib.orders.cart import abandoned

schedules = Blueprint(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="orders_expire")
def orders_expire(event: CloudWatchEvent) -> None:
    """Let go what was not paid for in time."""
    jobs.run("orders_expire", expiry.expire_all, lease_seconds=300)


@schedules.schedule(Rate(15, unit=Rate.MINUTES), name="orders_abandoned_carts")
def orders_abandoned_carts(event: CloudWatchEvent) -> None:
    """Tell of carts that were left lying."""
    jobs.run("orders_abandoned_carts", abandoned.tell_all, lease_seconds=300)


@schedules.schedule(Cron(0, 4, "*", "*", "?", "*"), name="orders_unpaired")
def orders_unpaired(event: CloudWatchEvent) -> None:
    """Look for orders that have no payment, before payments are compared with the provider's books."""
    jobs.run("orders_unpaired", unpaired.look_all, lease_seconds=900)
