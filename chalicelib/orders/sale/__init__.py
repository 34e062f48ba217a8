"""On what terms a SKU is sold: from when to when, how many to each customer, and before it is there."""
