"""Analyses that run on every check: one per file, listed in `analyses`."""
