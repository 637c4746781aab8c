"""Validation of resources, the check page, reports."""
