"""Tax invoices and credit notes: what they say, their numbers, the files that customers keep."""
