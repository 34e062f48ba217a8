"""Jishi: a shop made of cloud functions. Each folder is one module of the shop; `core` knows none of them."""
