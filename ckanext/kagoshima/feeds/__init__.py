"""DCAT: our profile and the catalogue's own description."""
