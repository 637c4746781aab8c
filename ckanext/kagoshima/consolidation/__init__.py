"""Merged datasets: outputs, balance, the whole-file addresses."""

from ckanext.kagoshima.consolidation import memory

memory.settle()
