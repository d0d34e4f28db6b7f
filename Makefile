# Two commands do everything: `make run` starts the dashboard, `make test` checks it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
THREE_AT_A_TIME := -n 3 --dist loadfile --no-loadscope-reorder  # a file's tests share what it has started
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
.PHONY: run test test-all lint format bench demo clean

run: $(VENV)/run.stamp                  # start dashboard, job runner and prediction service; Ctrl-C stops them
	@$(BIN)/python -m core.launch

demo: $(VENV)/run.stamp                 # the whole circle on Late flights, without a browser
	@$(BIN)/python -m core.demo

test: lint browser                      # everything but the slow tests, under 12 minutes on 2 cores
	$(BIN)/python -m pytest $(THREE_AT_A_TIME)

test-all: lint browser                  # the slow tests, too
	$(BIN)/python -m pytest $(THREE_AT_A_TIME) -m "slow or not slow"

lint: $(VENV)/dev.stamp                 # style, types, one-way imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp               # let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp                # the quick form of every benchmark
	$(BIN)/python -m benchmarks --quick

.PHONY: browser
browser: $(VENV)/dev.stamp              # find or install a Chromium for the browser tests
	@$(BIN)/python -m tests.find_browser --install

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@echo "Setting up Full Circle in $(VENV) (once; a few minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade "pip>=25.1"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

clean:                                  # remove the environment and caches, never data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
