"""What nobody may have too much of: open orders that hold stock, and trust at the door."""
