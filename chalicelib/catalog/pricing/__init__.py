"""What a piece costs whom: price lists by currency, customer group and quantity."""
