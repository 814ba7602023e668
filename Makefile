# What there is to do: `make help`. GNU make and a POSIX shell; the README has the same as commands.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup report test test-engines check lab notebooks bench bench-scale stress pictures catalogue lock sample clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# An interpreter of one's own choice: make clean setup PYTHON=/path/to/python3.13
PYTHON ?=
export PIP_QUIET := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A name on the path may be a shim that fails when it is called, so each candidate is run.
CANDIDATES = $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
FITS = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
define CHOOSE_PYTHON
chosen=; fitting=; \
for name in $(CANDIDATES); do \
  "$$name" -c '$(FITS)' >/dev/null 2>&1 || continue; \
  fitting=$$name; \
  if "$$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then chosen=$$name; break; fi; \
done; \
if [ -z "$$fitting" ]; then \
  echo "kamlib needs Python 3.11, 3.12 or 3.13 and none of these is one: $(CANDIDATES); install it or name it with make PYTHON=/path/to/python3.13." >&2; \
  exit 2; \
fi; \
if [ -z "$$chosen" ]; then \
  echo "$$fitting has no module to make a virtual environment with; install it (on Debian and Ubuntu: apt install python3-venv) and run make again." >&2; \
  exit 2; \
fi
endef

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

setup: $(READY)  ## make the environment in .venv

# An environment that was left half made has no pip, and is made anew.
$(READY): requirements.lock pyproject.toml
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1 || [ -n "$(PYTHON)" ]; then \
	  $(CHOOSE_PYTHON); \
	  echo "Setting up $(VENV) with $$chosen: once, some minutes ..."; \
	  "$$chosen" -m venv --clear $(VENV); \
	fi
	@$(BIN)/python -m pip install --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	@touch $@

report: $(READY)  ## publish the sample company's latest closed period
	@$(BIN)/kam run --dataset data/sample/dataset.toml --period latest

test: $(READY)  ## run all tests, the notebooks' committed tables among them
	@$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout 300 --nbval-sanitize-with tests/nbval_sanitize.cfg tests kamlib notebooks

# Their packages join those of .venv; everything else has the same versions in every lock.
ENGINES := $(VENV)/.engines
$(ENGINES): $(READY) requirements-postgres.lock requirements-spark.lock
	@$(BIN)/python -m pip install --require-hashes -r requirements-postgres.lock -r requirements-spark.lock
	@touch $@

test-engines: $(ENGINES)  ## hold PostgreSQL and Spark to the numbers of DuckDB (needs both, and Java 17)
	@KAM_TEST_ENGINES=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations 5 -W ignore::ResourceWarning -W ignore::pytest.PytestUnraisableExceptionWarning -W "ignore:The copy keyword" tests/engines

check: $(READY)  ## ruff, mypy --strict, then all tests
	@$(BIN)/ruff check .
	@$(BIN)/mypy --strict
	@$(MAKE) --no-print-directory test

# JupyterLab draws the saved charts only of notebooks that are trusted.
lab: $(READY)  ## open JupyterLab on the notebooks
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null 2>&1
	@$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks

notebooks: $(READY)  ## execute the committed notebooks anew, in place
	@$(BIN)/python -m kamlib.report.refresh

bench: $(READY)  ## measure fact tables, segmentation, models, survey, account pages, a period run
	@$(BIN)/python benchmarks/facts.py
	@$(BIN)/python -m benchmarks.segmentation
	@$(BIN)/python -m benchmarks.models
	@$(BIN)/python -m benchmarks.satisfaction
	@$(BIN)/python -m benchmarks.accounts
	@$(BIN)/python -m benchmarks.period_run

bench-scale: $(ENGINES)  ## measure 1, 10, 100 million order lines on every engine (two hours, 20 GB)
	@$(BIN)/python -m benchmarks.scale

stress: $(READY)  ## hold intervals against known truths, and the report store against faults
	@$(BIN)/python -m benchmarks.stress
	@$(BIN)/python -m benchmarks.coverage
	@$(BIN)/python -m benchmarks.intervals
	@$(BIN)/python -m benchmarks.key_list
	@$(BIN)/python -m benchmarks.faults
	@$(BIN)/python -m benchmarks.broken
	@$(BIN)/python -m benchmarks.effort

pictures: $(READY)  ## take the README's pictures from the newest sample report
	@$(BIN)/python docs/make_pictures.py

catalogue: $(READY)  ## collect the texts to translate
	@$(BIN)/python -m kamlib.locale.extract

# uv writes that each line holds below Python 3.14, which the project says once already. The locks of
# the engines hold what requirements.lock holds, in the same versions, and what the engine needs.
COMPILE := uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
PLAIN := sed "s/ ; python_full_version < '3\.14'\( \\\\\)\{0,1\}$$/\1/; s/python_full_version < '3\.14' and //"
lock:  ## choose package versions anew (needs uv)
	@$(COMPILE) -o requirements.lock
	@$(PLAIN) requirements.lock > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@for engine in postgres spark; do \
	  $(COMPILE) --extra $$engine --constraint requirements.lock -o requirements-$$engine.new && \
	  $(PLAIN) requirements-$$engine.new > requirements-$$engine.lock && rm requirements-$$engine.new || exit 1; \
	done

sample: $(READY)  ## write the sample company's data anew, from its seed
	@$(BIN)/python -c "from kamlib.sample import *; make_sample('data/sample'); write_truth('tests/data/sample_truth.csv', seed=7, n_accounts=300)"

clean:  ## remove the environment and all caches; never a report
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis kamlib.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
