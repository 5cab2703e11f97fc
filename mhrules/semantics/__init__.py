"""Declarations with their meaning: names, types and units, the calendar, contracts bound onto programs."""
