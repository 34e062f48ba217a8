"""The back office: health, API document, event relay, repairs."""
