"""What products are sorted by: the category tree, collections, attributes, and the shelves that follow from them."""
