"""The plan: quantities by grain as a small relational language, and the lowering of rule text to it."""
