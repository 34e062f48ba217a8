"""What nobody may have too much of: unpaid orders that hold stock, and trust at the door."""
