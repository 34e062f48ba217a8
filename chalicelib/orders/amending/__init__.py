"""Orders that change after they were placed: what is ordered, where it goes, what it costs."""
