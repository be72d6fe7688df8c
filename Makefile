# Fresh means: a bare python3 (3.11 or newer) and make. Everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export JUPYTER_PLATFORM_DIRS = 1
# .venv/bin first, so that tools (and the notebooks' kernel) are this project's own
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run lab test test-fast test-legs lint bench clean

run: $(VENV)/.run
	$(BIN)/python -m gemma_nb

lab: $(VENV)/.run
	$(BIN)/jupyter lab notebooks/

$(VENV)/.run: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
