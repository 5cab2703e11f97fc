"""The plan as integer SQL: one relation for each quantity, every value beside the fault that it may be."""
