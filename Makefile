# Everything below needs python3 >= 3.11, pip and make; it sets itself up in .venv (nothing is installed outside it).

PYTHON ?= python3
VENV ?= .venv
PREFIX ?= /opt/notifier
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(VENV)-lock/bin/uv
AUDIT := $(VENV)-audit/bin/pip-audit

.PHONY: help demo test faults lint types check matrix bench train install lock audit clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-11s %s\n", $$1, $$2 }'

demo: $(STAMP) ## two weeks of texts in under a minute, with no account anywhere
	@$(BIN)/notifier demo

# Where the environment forbids to keep compiled code, each worker of pytest and each process that a test starts would
# compile everything anew.
test faults: export PYTHONDONTWRITEBYTECODE =

# The fault suite has the machine to itself: it stops and kills processes, and counts on the pace of those that live on.
test: $(STAMP) ## every test, four at a time (some: make test ARGS="-k timeline")
	@$(BIN)/python -m pytest $(or $(ARGS),-n 4 --dist worksteal --ignore=tests/faults)
	@$(if $(ARGS),,$(BIN)/python -m pytest -n 2 tests/faults)

faults: $(STAMP) ## break everything that can break, 200 kills on each database among it, and count what was doubled or lost
	@NOTIFIER_TEST_FAULTS=all $(BIN)/python -m tests.faults $(ARGS)

lint: $(STAMP) ## ruff, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy

check: lint types test ## all three

# A version that is not here is left out, with a word.
matrix: ## every test once under each Python from 3.11 to 3.14
	@for version in 3.11 3.12 3.13 3.14; do \
		if python$$version -c "" 2>/dev/null; then \
			echo "== Python $$version"; $(MAKE) --no-print-directory test PYTHON=python$$version VENV=.venv-$$version || exit 1; \
		else echo "== Python $$version: left out, there is no python$$version here"; fi; \
	done

bench: $(STAMP) ## measurements as ratios in one run (some: make bench ARGS="timelines drain"; ARGS=--help)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

train: $(STAMP) ## learn the weights of the model that reads replies anew from tests/replies (installs scikit-learn)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r tests/replies/requirements.lock
	@$(BIN)/python -m tests.replies.train

# Versions as locked; the index's hashes are checked in development (`make test`), here pip resolves for this Python.
install: ## into PREFIX (default /opt/notifier), for `PREFIX/bin/notifier service install` or a container
	@$(PYTHON) -m venv $(PREFIX) 2>/dev/null || { $(PYTHON) -m venv --without-pip $(PREFIX) && $(PYTHON) -m pip --version >/dev/null; }
	@sed -n 's/^\([A-Za-z0-9._-]*==[^ ;\\]*\).*/\1/p' requirements.lock > $(PREFIX)/versions.txt
	@$(PYTHON) -m pip --python $(PREFIX)/bin/python install -q --disable-pip-version-check -c $(PREFIX)/versions.txt .
	@$(PREFIX)/bin/notifier --version && echo "installed: $(PREFIX)/bin/notifier"

lock: ## compile requirements.lock anew from pyproject.toml (needs the network)
	@test -x $(UV) || { $(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/python -m pip install -q uv; }
	@printf '%s\n' '# All groups, all platforms, python >= 3.11. Compiled by `make lock`; do not edit.' > requirements.lock.new
	@$(UV) pip compile pyproject.toml --group build --group test --group lint --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -q >> requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@$(UV) pip compile --group train --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -q -o tests/replies/requirements.lock

audit: ## known vulnerabilities of what requirements.lock names, by pip-audit (needs the network)
	@test -x $(AUDIT) || { $(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/python -m pip install -q pip-audit; } || { \
		echo "NOT AUDITED: pip-audit cannot be installed here" >&2; exit 2; }
	@$(PYTHON) .ci/audit.py $(AUDIT)

clean: ## remove what make made
	rm -rf $(VENV) $(VENV)-lock $(VENV)-audit .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# Debian refuses pip outside a venv and may lack ensurepip: `pip --python` works under both.
$(STAMP): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { \
		echo "notifier needs Python 3.11 or newer, and there is no '$(PYTHON)' here: install it, or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "notifier needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) -V 2>&1): say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "setting up $(VENV), once ..." >&2; \
		$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
		$(PYTHON) -m pip --python $(BIN)/python install -q pip || { \
		echo "notifier needs pip, and '$(PYTHON) -m pip' does not work here: install it (Debian: apt install python3-pip)" >&2; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
