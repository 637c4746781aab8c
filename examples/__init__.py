"""A small invented municipal web to try the catalogue with: `generate.py` writes it, `serve.py` serves it on loopback."""
