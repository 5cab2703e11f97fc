"""Engines: what a plan is worth on given facts. `reference.py` is the definition; every other engine must equal it."""
