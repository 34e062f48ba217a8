"""How an order is paid for."""
