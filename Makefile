# Every target sets .venv up on first use; afterwards that costs a tenth of a second.
# PYTHON=/path/to/python3.12 chooses the Python, TORCH_INDEX=url the index for torch
# (scripts/bootstrap.py says when that is needed).

ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	>/dev/null 2>&1 && { echo $$p; break; }; done)
endif

RUN := .venv/bin/python
PYTEST := $(RUN) -m pytest -q
PARALLEL := -n 2 --dist loadfile

.PHONY: help setup lab grade-ui test test-fast lint bench notebooks site clean

help:
	@echo "make lab        open JupyterLab on the first notebook (LAB='--port 9000' passes options)"
	@echo "make grade-ui   nbgrader's formgrader, for what course grade has graded"
	@echo "make test       everything that is tested: style, types, engine, notebooks, browser"
	@echo "make test-fast  the same without notebooks and browser, in about a minute"
	@echo "make lint       style and types alone"
	@echo "make bench      engine against PyTorch, steps per second (BENCH=--growth: time and memory"
	@echo "                against size; BENCH='--grading 200': seconds a submission)"
	@echo "make notebooks  run all notebooks and store their outputs"
	@echo "make site       the executed course as web pages in build/site, readable without a network"
	@echo "make setup      .venv with what requirements.txt pins; the other targets do it too"
	@echo "make clean      remove .venv and every cache"

setup:
	@test -n "$(PYTHON)" || { echo "set-up: no Python 3.11, 3.12 or 3.13 found (tried python3," \
	"python3.13, python3.12, python3.11). Install one, or name it: make lab PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) scripts/bootstrap.py

lab: setup
	@$(RUN) -m engine.course lab $(LAB)

grade-ui: setup
	@$(RUN) -m engine.course formgrader $(LAB)

# One thread each: results do not depend on the number of cores, and two workers share two cores.
test test-fast: export OMP_NUM_THREADS := 1
test test-fast: export OPENBLAS_NUM_THREADS := 1
test test-fast: export MKL_NUM_THREADS := 1

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

test: lint
	$(RUN) -m engine.course doctor --install
	$(RUN) -m engine.course exercises --check
	$(PYTEST) $(PARALLEL) tests/engine tests/programs tests/lab tests/grading tests/project
	$(PYTEST) -n 2 --dist worksteal tests/notebooks
	$(PYTEST) tests/browser

test-fast: lint
	$(PYTEST) $(PARALLEL) -m "not slow" tests/engine tests/programs tests/lab tests/grading tests/project

bench: setup
	@$(RUN) -m benchmarks $(BENCH)

notebooks: setup
	$(RUN) -m engine.course notebooks --refresh

site: setup
	@$(RUN) -m engine.course site

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +
