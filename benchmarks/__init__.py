"""Benchmarks: each figure beside its peer in one run. `python -m benchmarks --help`."""
