"""Merged datasets: outputs, balance, the whole-file addresses."""
