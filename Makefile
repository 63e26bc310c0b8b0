# Everything a developer types. `make setup` is part of each; its second run takes a second.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON_BIN := $(VENV)/bin/python
# Further words for pytest: make test ARGS="-k tracker -x"
ARGS ?=

.PHONY: help setup demo test bench bench-large lint format schemas lock clean

help:
	@echo "make setup   .venv with ctihub in it, and the agents' pages"
	@echo "make demo    simulated PBX and backends, and the real hub between them"
	@echo "make test    all tests (as root also with a real Asterisk, RabbitMQ, PostgreSQL and Chromium)"
	@echo "make bench   the figures, as JSON"
	@echo "make bench-large  pages and searches among 1,000,000 customers; says first how much disk that takes"
	@echo "make lint    ruff, mypy, import rules, mappings"
	@echo "make format  write the code as ruff does"
	@echo "make schemas publish the events' schemas as they are now, unless that breaks who reads them"
	@echo "make lock    take the newest versions into requirements.lock"

setup: $(VENV)/.installed
	@$(PYTHON_BIN) -m hub.desk.web.build

$(VENV)/.installed: pyproject.toml requirements.lock .ci/make-venv
	@.ci/make-venv $(VENV)
	@touch $@

demo: setup
	@$(VENV)/bin/ctihub demo

test: setup
	@$(PYTHON_BIN) -m tests.servers install
	@$(PYTHON_BIN) -m pytest -n 2 --dist worksteal $(ARGS)

bench:
	@$(MAKE) --no-print-directory setup >&2
	@$(PYTHON_BIN) -m tests.bench

# CTIHUB_BENCH_DIR: where the store is made meanwhile; CTIHUB_LARGE_CUSTOMERS: how many; CTIHUB_LARGE_STORE=postgresql.
bench-large:
	@$(MAKE) --no-print-directory setup >&2
	@$(PYTHON_BIN) -m tests.bench.large

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/ctihub test mappings
	@$(VENV)/bin/ctihub lint mappings connectors

format: setup
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

schemas: setup
	@$(PYTHON_BIN) -m tests.schemas

# Exact versions and nothing else: no registry, no path, so that every site installs from its own.
lock:
	@rm -rf $(VENV)
	@LOCK= .ci/make-venv $(VENV)
	@$(PYTHON_BIN) -m pip freeze --exclude ctihub | sed 's/ @ .*//' > requirements.lock
	@touch $(VENV)/.installed

clean:
	@rm -rf $(VENV) build dist hub/desk/static hub/desk/web/node_modules
