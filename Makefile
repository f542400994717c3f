# The one door. `make help` lists what it opens.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
REPO   ?= .
PYTEST := $(BIN)/pytest -q -n auto --dist worksteal

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- the environment -------------------------------------------------------------------------------------------------

.PHONY: prerequisites
prerequisites:
	@sh scripts/prerequisites.sh "$(PYTHON)"

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | prerequisites
	@echo "Setting up $(VENV) (once; takes a minute)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Adding what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# ---- what users do ---------------------------------------------------------------------------------------------------

.PHONY: index serve stop clean
index: $(VENV)/.runtime  ## index REPO=<https URL | owner/name | local path> (default: this repository)
	@$(BIN)/kotadb index "$(REPO)"

serve: $(VENV)/.runtime  ## the HTTP API with its workers, on http://127.0.0.1:3000
	@$(BIN)/kotadb serve

stop: $(VENV)/.runtime  ## stop the embedded PostgreSQL and whatever uses it
	@$(BIN)/kotadb stop

clean:  ## remove the environment and all caches (the index stays: it is in KOTADB_DATA_DIR)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what developers do ----------------------------------------------------------------------------------------------

.PHONY: test test-integration lint types imports check format lock
test: $(VENV)/.dev  ## every test
	@$(PYTEST)

test-integration: $(VENV)/.dev  ## the tests that talk to a real PostgreSQL, git and worker processes
	@$(PYTEST) tests/integration

lint: $(VENV)/.dev  ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev  ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.dev  ## the direction of imports
	@$(BIN)/lint-imports --no-cache

check: lint types imports test  ## all of the above

.PHONY: faults
faults: $(VENV)/.dev  ## break things for real and see every promise kept: FAULTS="--short --only NAME --break NAME --list"
	@PYTHONPATH=tests:. $(BIN)/python -m faults $(FAULTS)

.PHONY: attack
attack: $(VENV)/.dev  ## attack the running system and see nothing let in: ATTACK="--short --only NAME --break NAME --list"
	@PYTHONPATH=tests:. $(BIN)/python -m security $(ATTACK)

.PHONY: audit
audit: $(VENV)/.runtime  ## known vulnerabilities of what is pinned; asks the package index
	@test -x $(VENV)/audit/bin/pip-audit || $(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@for name in runtime dev audit; do $(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes \
	  -r requirements/$$name.txt || exit 1; done

.PHONY: proto
proto: $(VENV)/.runtime  ## make src/kotadb/scip/scip_pb2.py of scip.proto
	@test -x $(VENV)/proto/bin/python || $(PYTHON) -m venv $(VENV)/proto
	@$(VENV)/proto/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/proto.txt
	@$(VENV)/proto/bin/python -m grpc_tools.protoc -Isrc --python_out=src --pyi_out=src src/kotadb/scip/scip.proto

.PHONY: accuracy
accuracy: $(VENV)/.dev  ## what compilers know of checkouts, and how much of it we find: REPOS="PATH..."; needs npm
	@test -n "$(REPOS)" || { echo 'make accuracy REPOS="PATH..."'; exit 2; }
	@$(BIN)/python -m benchmarks.accuracy $(REPOS)

.PHONY: examples
examples: $(VENV)/.dev  ## the examples in the documents and of the API, run again: HONO=PATH DJANGO=PATH
	@PYTHONPATH="$(CURDIR)/src:$(CURDIR)/tests:$(CURDIR)" $(BIN)/python -m benchmarks.examples README.md docs/questions.md hono=$(HONO) django=$(DJANGO)

.PHONY: bench
bench: $(VENV)/.dev  ## what indexing costs, and the limit beside it: REPOS="PATH..." BENCH="--only index,limit --runs N --json FILE"
	@PYTHONPATH="$(CURDIR)/src:$(CURDIR)/tests:$(CURDIR)" $(BIN)/python -m benchmarks.performance $(REPOS) $(BENCH)

format: $(VENV)/.dev  ## rewrite the code in its one format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: $(VENV)/.dev  ## pin requirements/*.in again, with hashes and without addresses
	@for name in runtime dev audit proto; do $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header requirements/$$name.in -o requirements/$$name.txt; done
