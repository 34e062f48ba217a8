"""Pictures: sent by a link, checked, then shown."""
