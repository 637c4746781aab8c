# ckanext-kagoshima. `make help` lists the commands; docs/install.md and docs/operations.md explain them.
SHELL := /bin/bash
RUN_DIR ?= .run
VENV ?= .run/venv
export RUN_DIR VENV
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help install lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## The virtual environment in .run/venv, nothing else
	@stack/install.sh packages python
	@stack/install.sh venv $(VENV)

lock: install ## Write requirements.lock anew from pyproject.toml
	@$(VENV)/bin/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate --no-emit-find-links \
		--extra ckan --extra serve --extra dev pyproject.toml -o requirements.lock
	@sed -i -E '/^(colorama|tzdata)==/d; 1i # Exact versions for `make install`. Made from pyproject.toml by `make lock`; do not edit.' requirements.lock
