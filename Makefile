# make demo | test | check need nothing but git, make and Python 3.11 or newer: they set up .venv first.
# One thing: make test ARGS="-k label". By another Python: make PYTHON=python3.13 setup.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test test-all check format lint types imports dead pragmas coverage startup bench grammar clean

BIN := .venv/bin
READY := .venv/.ready
TABLES := .venv/.tables
ARGS ?=
WORKERS ?= auto
# `make check` measures the tests it runs; so does `make test check`, which runs them once for both.
PYTEST := $(if $(filter check coverage,$(MAKECMDGOALS)),coverage run -m pytest,pytest) -n $(WORKERS) --dist worksteal

help:
	@echo "make demo      see it work: three runs, shared by git, in a scratch repository"
	@echo "make test      run the tests                       ARGS=\"-k label\""
	@echo "make test-all  the same at full size (minutes)"
	@echo "make check     format, lint, types, imports, dead code, tests at 100 % coverage, start-up"
	@echo "make format    put the code into shape"
	@echo "make bench     measure, into docs/benchmarks.md    PEERS=1"

setup: $(READY)

$(READY): pyproject.toml .ci/setup
	@.ci/setup

$(TABLES): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev-tables,dev-servers]'
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(TABLES)
	@rm -f .coverage .coverage.*
	.ci/scratch $(BIN)/python -m $(PYTEST) $(ARGS)

test-all: $(TABLES)
	GAGE_TEST_FULL=1 $(BIN)/python -m $(PYTEST) $(ARGS)

check: lint types imports dead pragmas coverage startup

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin git_gage
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 git_gage

imports: $(READY)
	$(BIN)/lint-imports --no-logo

dead: $(READY)
	$(BIN)/vulture

pragmas: $(READY)
	$(BIN)/python .ci/pragmas.py git_gage

coverage: test
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

startup: $(READY)
	$(BIN)/python .ci/startup.py

bench: $(READY)
	$(BIN)/python bench/run.py $(if $(PEERS),--peers) $(ARGS)

# After a change of git_gage/catalog/filter.lark.
grammar: $(READY)
	@$(BIN)/python .ci/grammar.py

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
