"""Promotions and coupons as staff keep them, and what carts and orders make of them."""
