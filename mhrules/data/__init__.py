"""Data of practices: the model of tables, bindings of real sources to it, strict loading into exact integers."""
