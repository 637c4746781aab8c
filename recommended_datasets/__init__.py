"""Kagoshima's municipal open data standards as data, and what reads, judges, repairs and merges files that follow them.

An ordinary library: it never imports CKAN. ``bytes → Table → Report → repaired Table → merged table``.
"""
