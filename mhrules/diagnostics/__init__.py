"""Findings about rule texts and data: their codes, their pages, and one renderer per medium."""
