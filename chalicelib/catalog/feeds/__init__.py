"""How the world outside is told of products: feeds, sitemaps, schema.org."""
