"""How orders are found: by number, by state, by whose they are and when they were placed."""
