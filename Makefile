# A fresh clone needs Python 3.11 or later and make; everything else goes into .venv.
#   make demo    invent a population, settle it, explain    make test    run the tests
#   make check   lint, format and types                   make docs    build the pages into site/
PYTHON ?= python3
WORKERS ?= 2
MINUTES ?= 10
SIZE ?= small
ONLY ?= settle chain small explain synth

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check install -qq

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test test-spark fuzz bench check docs pages ci clean format

help:
	@echo "make demo     invent a population with four payers, settle it, explain a line"
	@echo "make test     run the tests (HYPOTHESIS_PROFILE=deep for many more examples)"
	@echo "make fuzz     generated programs and data through both engines (MINUTES=10; SEED= and PAIRS= to do it again)"
	@echo "make test-spark  install Spark and test the Spark engine, on a cluster of this machine too"
	@echo "make bench    benchmarks/RESULTS.md anew (SIZE=small, medium or large; ONLY='settle chain small explain synth', or spark)"
	@echo "make check    lint, format and types"
	@echo "make docs     build the pages into site/"
	@echo "make pages    write the generated pages anew"
	@echo "make ci       all of the above, as the build does"
	@echo "make format   put the code in its form"
	@echo "make venv     install mhrules and its tools into $(VENV)"
	@echo "make clean    remove what was built"
	@echo "PYTHON=python3.12 picks the interpreter for a new $(VENV)"

venv: $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mhrules needs Python 3.11 or later: try make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "no virtual environment: is the venv module of $(PYTHON) installed?" >&2; exit 1; }

# Only what running needs.
$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	@echo "installing mhrules into $(VENV)"
	@$(PIP) -e .
	@touch $@

# The tools for tests, types and pages as well.
$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing mhrules and its development tools into $(VENV)"
	@$(PIP) -e '.[dev]'
	@touch $(VENV)/.runtime $@

demo: $(VENV)/.runtime
	@$(RUN) -m mhrules.demo

test: $(VENV)/.dev
	@echo "running the tests with $(WORKERS) workers"
	@$(RUN) -m pytest -q -n $(WORKERS) --dist worksteal

fuzz: $(VENV)/.dev
	@$(RUN) -m tests.fuzz.run --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(PAIRS),--pairs $(PAIRS))

# Spark is large and slow to start: not among the tests of every change.
test-spark: $(VENV)/.dev
	@echo "installing Spark into $(VENV), and testing on it"
	@$(PIP) -e '.[dev,spark]'
	@MHRULES_TEST_SPARK=yes SPARK_LOCAL_IP=127.0.0.1 $(RUN) -m pytest -q -n 0 tests/spark

# What is measured beside mhrules stays out of the environment for development.
bench:
	@test -x .venv-bench/bin/python || { echo "making .venv-bench"; $(PYTHON) -m venv .venv-bench; }
	@.venv-bench/bin/python -m pip --disable-pip-version-check install -qq -e . -r benchmarks/requirements.txt
	@.venv-bench/bin/python -m benchmarks.run --size $(SIZE) --only $(ONLY)

check: $(VENV)/.dev
	@echo "checking lint, format and types"
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --quiet --check . || { echo "not in form: make format" >&2; exit 1; }
	@$(RUN) -m mypy

docs: $(VENV)/.dev
	@echo "building the pages into site/"
	@$(RUN) -m mkdocs build --quiet --strict

pages: $(VENV)/.dev
	@echo "writing the generated pages"
	@$(RUN) -c 'from mhrules.diagnostics.pages import index; print(index(), end="")' > docs/errors/index.md
	@$(RUN) -c 'from mhrules.semantics.built_ins_page import built_ins; print(built_ins(), end="")' > docs/reference/built-ins.md
	@$(RUN) -c 'from mhrules.data.model_page import data_model; print(data_model(), end="")' > docs/reference/data-model.md

ci:
	@.ci/run

format: $(VENV)/.dev
	@$(RUN) -m ruff check --quiet --fix-only .
	@$(RUN) -m ruff format .

clean:
	@echo "removing what was built"
	@rm -rf $(VENV) .venv-bench site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find mhrules tests -name __pycache__ -type d -prune -exec rm -rf {} +
