# ckanext-kagoshima. `make help` lists the commands; docs/install.md and docs/operations.md explain them.
SHELL := /bin/bash
RUN_DIR ?= .run
VENV ?= .run/venv
export RUN_DIR VENV
# Without compiled modules every start of CKAN compiles itself for 20 s.
unexport PYTHONDONTWRITEBYTECODE
PY := $(VENV)/bin/python
STACK := $(PY) -m stack
# The test stack stands beside a running catalogue: a run folder of its own, ports that are free.
TEST_STACK := $(STACK) --run-dir .run-test --free-ports
WITHOUT_CKAN := -p no:ckan -p no:ckan_fixtures
# Several people (or terminals) at one clone: each `make test-plugin WHO=name` has databases of its own.
WHO ?= test
PYTEST_ARGS ?=
# A path among PYTEST_ARGS takes the place of the whole folder.
paths = $(if $(findstring tests/,$(PYTEST_ARGS)),,$(1))

.DEFAULT_GOAL := help
.PHONY: help install demo stop status clean services test lint test-core test-stack test-services test-plugin test-demo \
	test-browser stop-test bench bench-merge bench-harvest fuzz docs messages lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## The virtual environment in .run/venv, nothing else
	@stack/install.sh packages python
	@stack/install.sh venv $(VENV)

demo: install ## The whole catalogue at http://127.0.0.1:5000 (SOURCES=file; CKAN_PORT, POSTGRES_PORT, REDIS_PORT, SOLR_PORT)
	@stack/install.sh packages services
	@$(STACK) demo $(if $(SOURCES),--sources "$(SOURCES)")

stop: ## Stop what `make demo` or `make services` started
	@if [ -x $(PY) ]; then $(STACK) stop; fi

status: ## What runs, and on which port
	@$(STACK) status

clean: ## Stop everything and remove .run/ and .run-test/
	@if [ -x $(PY) ]; then $(TEST_STACK) clean && $(STACK) clean; fi
	@rm -rf .run-test $(RUN_DIR) build dist *.egg-info recommended_datasets/_cells.*.so

services: install ## Start PostgreSQL, Redis and Solr alone
	@stack/install.sh packages services
	@$(STACK) services

test: install ## Every test: lint, core, package, plugin, browser, on a stack of its own beside a running catalogue
	@stack/install.sh packages services browser workbooks
	@$(TEST_STACK) test

lint: install ## ruff and pyright (strict in the core)
	@$(PY) -m ruff check .
	@$(PY) -m pyright

test-core: install ## Tests of the core alone, without CKAN (PYTEST_ARGS="-k …")
	@$(PY) -m pytest $(WITHOUT_CKAN) $(call paths,tests/core) $(PYTEST_ARGS)

test-stack: test-services ## Tests of the package and the stack: the built wheel, Solr's words, the Makefile
	@$(PY) -m pytest $(WITHOUT_CKAN) $(call paths,tests/stack) $(PYTEST_ARGS)

test-services: install ## Start the services that the plugin's tests need, and leave them running
	@stack/install.sh packages services
	@$(TEST_STACK) services

test-plugin: test-services ## Tests of the plugin on real services (WHO=name PYTEST_ARGS="-k …")
	@eval "$$($(TEST_STACK) environment --name $(WHO))" && \
		$(PY) -m pytest --ckan-ini=test.ini $(call paths,tests/plugin) $(PYTEST_ARGS)

test-demo: install ## The whole catalogue on the test stack, for `make test-browser`; left running
	@stack/install.sh packages services browser
	@$(TEST_STACK) demo

test-browser: test-demo ## Tests in a real browser (PYTEST_ARGS="-k …")
	@$(PY) -m pytest $(WITHOUT_CKAN) $(call paths,tests/browser) $(PYTEST_ARGS)

stop-test: ## Stop the test stack
	@if [ -x $(PY) ]; then $(TEST_STACK) stop; fi

bench: install ## Performance figures, each beside its peer in one run
	@$(PY) -m benchmarks $(BENCH)

bench-harvest: test-services ## Performance of the harvester beside bare CKAN calls and bare GETs (BENCH_HARVEST="--many 1000")
	@$(PY) -m benchmarks.harvest $(BENCH_HARVEST)

bench-merge: test-services ## Performance of the merged tables beside bare COPY, polars and xloader (BENCH_MERGE="--rows 200000")
	@$(VENV)/bin/uv venv -q --allow-existing $(RUN_DIR)/xloader
	@$(VENV)/bin/uv pip install -q --python $(RUN_DIR)/xloader/bin/python 'tabulator==1.53.5' 'setuptools<80'
	@eval "$$($(TEST_STACK) environment --name bench)" && $(PY) -m benchmarks.merge $(BENCH_MERGE)

FUZZ_SECONDS ?= 60
fuzz: install ## Coverage-guided fuzzing of reader, check and scan (FUZZ_SECONDS=60)
	@$(VENV)/bin/uv pip install -q --python $(VENV)/bin/python 'atheris>=3,<4'
	@$(PY) -m tests.fuzz.fuzz_check -max_total_time=$(FUZZ_SECONDS)

docs: install ## Check the documentation: links, commands, definitions
	@$(PY) -m pytest $(WITHOUT_CKAN) -q tests/core tests/stack -k docs

messages: install ## Take the messages of the pages up into the translations, and compile them
	@$(VENV)/bin/pybabel -q extract -F pyproject.toml --no-location --sort-output \
		-o ckanext/kagoshima/i18n/ckanext-kagoshima.pot .
	@for lang in ja en; do \
		$(VENV)/bin/pybabel -q update -D ckanext-kagoshima -i ckanext/kagoshima/i18n/ckanext-kagoshima.pot \
			-d ckanext/kagoshima/i18n -l $$lang --no-fuzzy-matching --ignore-obsolete; done
	@$(VENV)/bin/pybabel -q compile -D ckanext-kagoshima -d ckanext/kagoshima/i18n

lock: ## Write requirements.lock anew from pyproject.toml
	@$(VENV)/bin/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate --no-emit-find-links \
		--extra ckan --extra serve --extra dev pyproject.toml -o requirements.lock
	@sed -i -E '/^(colorama|tzdata)==/d; 1i # Exact versions for `make install`. Made from pyproject.toml by `make lock`; do not edit.' requirements.lock
