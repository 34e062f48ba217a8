"""How products are found: documents, queries, counts, words, and the index that follows the table."""
