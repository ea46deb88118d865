"""Benchmarks and the models they run on. See each script's `--help`."""
