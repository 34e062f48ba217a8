"""Carts, checkout and the life of an order."""
