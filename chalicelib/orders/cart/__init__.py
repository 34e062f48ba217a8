"""What somebody is about to buy, and what it costs them now."""
