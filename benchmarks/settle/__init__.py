"""A year of five payers: mhrules beside the same rules written by hand for DuckDB."""
