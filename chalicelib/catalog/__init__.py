"""What the shop shows: products, categories, search, imports."""
