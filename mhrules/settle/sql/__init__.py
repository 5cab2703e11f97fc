"""Participation, payments, splits and invariants as integer SQL: the relations that a settlement is read from."""
