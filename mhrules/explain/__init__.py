"""The tree of why behind an amount."""
