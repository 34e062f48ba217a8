"""The relay: what a table's stream says of new outbox items goes to the bus."""

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.core import log, outbox

consumers = Blueprint(__name__)


# The template gives the relay the streams of all tables, and only their new outbox items.
@consumers.on_dynamodb_record(stream_arn="arn:aws:dynamodb:region:account:table/x/stream/y", batch_size=100)
def admin_relay(batch: DynamoDBEvent) -> None:
    """Raise if a single event was not taken: then the stream sends the batch again, until it is."""
    images = [record.new_image for record in batch]
    records = [outbox.from_image(image) for image in images if image["pk"]["S"].startswith(outbox.PREFIX)]
    log.write("relayed", count=outbox.relay(records))
