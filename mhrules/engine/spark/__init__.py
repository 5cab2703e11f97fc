"""Spark as an engine: a session that is held to exactness, tables of people read there, relations kept there."""
