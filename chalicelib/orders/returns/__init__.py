"""What comes back: asked for, sent back, looked at, paid back or exchanged."""
