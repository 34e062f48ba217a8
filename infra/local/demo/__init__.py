"""The demo: what a guest and a member of staff do in a running shop, from the catalogue to the doorstep."""
