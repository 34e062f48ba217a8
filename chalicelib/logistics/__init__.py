"""Where things are and how they travel: stock, shipping, shipments."""
