# Fresh means: a bare python3 (3.11 or newer) and make. Everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# the linter of the widgets' JavaScript and CSS, from the npm registry
BIOME := @biomejs/biome@2.6.8
# two processes; what one file holds stays in one, and tests/conftest.py says which file is first
TWO := -n 2 --dist loadfile --no-loadscope-reorder
# nbval runs notebooks; importing it costs each other process of pytest a second and more
NO_NBVAL := -p no:nbval
# .venv/bin first, so that tools (and the notebooks' kernel) are this project's own
export PATH := $(CURDIR)/$(BIN):$(PATH)

JA_NOTEBOOKS := notebooks/ja/00_start_here.ipynb notebooks/ja/01_load_with_kerashub.ipynb

.PHONY: run lab lint test test-fast test-unit test-notebooks test-pages test-browser test-slow \
  test-slow-python test-slow-pages test-real fuzz audit bench pictures clean

run: $(VENV)/.run
	@$(BIN)/python -m gemma_nb

lab: $(VENV)/.run
	$(BIN)/jupyter lab notebooks/en/00_start_here.ipynb

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if command -v npx >/dev/null; then npx --yes $(BIOME) check; \
	  else echo "npx is not installed: JavaScript and CSS were not linted"; fi
	$(BIN)/python tools/address.py --check
	$(BIN)/nbstripout --verify --keep-id --extra-keys "metadata.authors cell.metadata.execution" \
	  notebooks/en/*.ipynb notebooks/ja/*.ipynb

# the browser's tests mostly wait: they run beside others, in one process, since they watch a page
# at a pace; what they say is shown at their end
test: lint
	@$(MAKE) --jobs=2 test-unit test-pages

test-unit: $(VENV)/.test
	$(PYTEST) $(TWO) $(NO_NBVAL) -m "not browser and not slow_suite"

# everything that needs no model and no browser
test-fast: $(VENV)/.test
	$(PYTEST) $(TWO) $(NO_NBVAL) -m "not slow and not browser and not slow_suite"

test-notebooks: $(VENV)/.test
	$(PYTEST) $(TWO) --nbval-lax --nbval-cell-timeout=120 notebooks/en $(JA_NOTEBOOKS)

test-pages:
	@$(MAKE) test-browser test-notebooks >$(VENV)/pages.log 2>&1; status=$$?; \
	  cat $(VENV)/pages.log; exit $$status

# one browser host; where no browser is installed it says so
test-browser: $(VENV)/.test
	$(PYTEST) $(NO_NBVAL) -m "browser and not slow_suite" tests/browser

test-slow: $(VENV)/.test
	@$(MAKE) --jobs=2 test-slow-python test-slow-pages
	$(PYTEST) -m alone

test-slow-python: $(VENV)/.test
	$(PYTEST) $(TWO) -m "slow_suite and not browser and not alone"

test-slow-pages: $(VENV)/.test
	@$(PYTEST) -m "slow_suite and browser" tests/browser >$(VENV)/slow-pages.log 2>&1; status=$$?; \
	  cat $(VENV)/slow-pages.log; exit $$status

# a real Gemma (270M) and its vocabulary, from the registries; a part of test-slow
test-real: $(VENV)/.test
	$(PYTEST) $(TWO) -m real

# 10,000 inputs a target: drawn by hypothesis, then by atheris, which looks for new code
FUZZ ?= 10000
GUIDED := configs safetensors_headers gguf_headers hdf5_files the_small_files_of_a_preset messages replies tool_calls \
  images sounds arrays_and_what_else_is_given_for_media
fuzz: $(VENV)/.test
	GEMMA_NB_FUZZ=$(FUZZ) $(PYTEST) tests/test_fuzz.py
	$(PIP) --no-deps -r tests/atheris.txt
	for target in $(GUIDED); do $(BIN)/python tests/fuzz_guided.py $$target -runs=$(FUZZ) || exit 1; done

# known vulnerabilities of what is installed; it asks PyPI or OSV, so it needs the internet
audit: $(VENV)/.run
	$(BIN)/python -m uv tool run pip-audit --requirement requirements.txt --no-deps --disable-pip

# what a processor can measure; the scripts say what they measure on an accelerator
bench: $(VENV)/.test
	$(BIN)/python benchmarks/loading.py
	$(BIN)/python benchmarks/memory.py report
	$(BIN)/python benchmarks/widgets.py
	$(BIN)/python benchmarks/quality.py

# the README's pictures, taken by the browser tests
pictures: $(VENV)/.test
	GEMMA_NB_PICTURES=docs/images $(PYTEST) -m "browser and not slow_suite" tests/browser

$(VENV)/.run: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps -r requirements.txt
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.txt
	$(PIP) --no-deps -r tests/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
