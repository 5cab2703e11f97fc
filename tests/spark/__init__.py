"""The Spark engine on real sessions: `make test-spark`."""
