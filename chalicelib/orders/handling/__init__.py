"""What staff do with an order beside moving it on: notes, tags, hold and release."""
