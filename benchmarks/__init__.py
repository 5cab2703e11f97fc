"""Benchmarks: what mhrules needs beside what one would write by hand, in one run. `make bench`."""
