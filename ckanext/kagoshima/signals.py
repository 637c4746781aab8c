"""Signals of ours, by which rooms meet without knowing one another."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

report_changed = tk.signals.ckanext.signal("kagoshima:report_changed")
"""Sent after a resource has a new verdict: the sender is the resource's id; `package_id` and `dataset` are given."""
