# The commands of this house. Everything runs in a virtual environment of its own, `.venv`, made on first use.

VENV    ?= .venv
PY      := $(VENV)/bin/python
STAMP   := $(VENV)/.installed
SECONDS ?= 600
SEED    ?=
WORKERS ?= 2
# Of the server that runs PostgreSQL's regression SQL, which is that of the same version.
SERVER  ?= 15
# Where a failure is to be looked for: make test TESTS=tests/policy
TESTS   ?= tests

# Hot files are compiled where there is a C compiler, and what was compiled must be as new as they are.
HOT := $(shell sed -n 's|^    "\([a-z_/]*\)",$$|src/nightporter/\1.py|p' setup.py) $(shell find src -name '*.pxd')

# What tests those files: run on the plain ones too. Some folders test nothing that is compiled.
PURE := $(wildcard tests/protocols tests/core tests/evidence tests/gateway tests/masking)
PLAIN := tests/protocols/postgres/semantics tests/protocols/postgres/catalog

# Recipes would inherit a NIGHTPORTER_PURE of the caller's, and then test the same thing twice.
unexport NIGHTPORTER_PURE

.DEFAULT_GOAL := help
.PHONY: help writable setup demo test lint unit-pure fuzz bench conformance differential clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml setup.py $(HOT) | writable
	@scripts/setup $(VENV)
	@touch $@

# Everything here writes something: the environment, caches, results.
writable:
	@test -w . || { echo "error: $(CURDIR) is not writable for $$(id -un): clone it to a directory of your own" >&2; exit 1; }

setup: writable $(STAMP) ## make the virtual environment and install

demo: setup ## the 3 a.m. story on a shop of its own; ONCE=1: play it and leave
	@$(PY) -m nightporter.demo $(if $(filter-out 0,$(ONCE)),--once)

lint: setup ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy src tests $(wildcard bench)

# The plain files are the reference; without compiled ones the whole suite runs on them anyway.
unit-pure: setup
	@if [ -n "$$(find src -name '*.so')" ]; then \
	    $(if $(PURE),NIGHTPORTER_PURE=1 $(PY) -m pytest -q -n $(WORKERS) --dist worksteal $(addprefix --ignore=,$(PLAIN)) $(PURE),true); \
	else echo "no compiled code: no C compiler here?"; fi

# The whole suite comes last, so that its summary is the last line.
test: setup ## everything that CI runs
	@scripts/system-packages
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit-pure
	@$(MAKE) --no-print-directory fuzz SECONDS=20 SEED=1
	$(PY) -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

fuzz: setup ## random and spoiled traffic; SECONDS=600 SEED=n
	$(PY) -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench: setup ## side by side: direct, PgBouncer, Nightporter; writes bench/results/
	@scripts/system-packages bench
	$(PY) -m bench

conformance: setup ## another project's tests; SUITE=its checkout, or a folder of PostgreSQL's regression SQL
	@test -n "$(SUITE)" || { echo "error: which suite? make conformance SUITE=../psycopg" >&2; exit 2; }
	$(if $(wildcard $(SUITE)/parallel_schedule),\
	    $(PY) -m tests.differential.corpus $(SUITE) --server $(SERVER) $(if $(REPORT),--report $(REPORT)),\
	    $(PY) -m tests.conformance.foreign $(SUITE))

differential: setup ## random statements read and run, on 15 and on 18; SECONDS=600 (of each) SEED=n
	$(PY) -m tests.differential.generate --server 15 --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))
	$(PY) -m tests.differential.generate --server 18 --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

clean: ## remove what was built and installed
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	find src -name '*.so' -delete
