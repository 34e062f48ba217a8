"""How well search finds what people mean: judged queries, on every engine there is."""
