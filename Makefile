# ckanext-kagoshima. `make help` lists the commands; docs/install.md and docs/operations.md explain them.
SHELL := /bin/bash
RUN_DIR ?= .run
VENV ?= .run/venv
export RUN_DIR VENV
PY := $(VENV)/bin/python
STACK := $(PY) -m stack
# The test stack stands beside a running catalogue: a run folder of its own, ports that are free.
TEST_STACK := $(STACK) --run-dir .run-test --free-ports
# Several people (or terminals) at one clone: each `make test-plugin WHO=name` has databases of its own.
WHO ?= test
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo install lock services stop clean status test-services test-plugin test-core stop-test

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## The virtual environment in .run/venv, nothing else
	@stack/install.sh packages python
	@stack/install.sh venv $(VENV)

demo: install ## The whole catalogue at http://127.0.0.1:5000 (SOURCES=file, CKAN_PORT=… POSTGRES_PORT=… REDIS_PORT=… SOLR_PORT=…)
	@stack/install.sh packages services
	@$(STACK) demo $(if $(SOURCES),--sources "$(SOURCES)")

services: install ## Start PostgreSQL, Redis and Solr alone
	@stack/install.sh packages services
	@$(STACK) services

stop: ## Stop what `make demo` or `make services` started
	@if [ -x $(PY) ]; then $(STACK) stop; fi

status: ## What runs, and on which port
	@$(STACK) status

clean: ## Stop everything and remove .run/ and .run-test/
	@if [ -x $(PY) ]; then $(TEST_STACK) clean; $(STACK) clean; fi
	@rm -rf .run-test $(RUN_DIR) build dist *.egg-info

test-core: install ## Tests of the core alone, without CKAN (PYTEST_ARGS="-k …")
	@$(PY) -m pytest -p no:ckan -p no:ckan_fixtures tests/core $(PYTEST_ARGS)

test-demo: install ## The whole catalogue at http://127.0.0.1:5000 (SOURCES=file, CKAN_PORT=… POSTGRES_PORT=… REDIS_PORT=… SOLR_PORT=…)
	@stack/install.sh packages services
	@$(STACK) demo $(if $(SOURCES),--sources "$(SOURCES)")

services: install ## Start the services that the plugin's tests need, and leave them running
	@stack/install.sh packages services
	@$(TEST_STACK) services

test-plugin: test-services ## Tests of the plugin on real services (WHO=name PYTEST_ARGS="-k …")
	@eval "$$($(TEST_STACK) environment --name $(WHO))" && \
		$(PY) -m pytest --ckan-ini=test.ini tests/plugin $(PYTEST_ARGS)

stop-test: ## Stop the test stack
	@if [ -x $(PY) ]; then $(TEST_STACK) stop; fi

lock: ## Write requirements.lock anew from pyproject.toml
	@$(VENV)/bin/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate --no-emit-find-links \
		--extra ckan --extra serve --extra dev pyproject.toml -o requirements.lock
	@sed -i -E '/^(colorama|tzdata)==/d; 1i # Exact versions for `make install`. Made from pyproject.toml by `make lock`; do not edit.' requirements.lock
