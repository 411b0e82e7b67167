# All a person types here; `make` alone lists it. A bare machine needs make and Python 3.11 or later.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
# Tests commit thousands of times, each to disk; in memory, where there is enough of it, that is free.
SCRATCH := $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')
# One more than there are cores: many tests wait for processes that they started.
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1 )))
PYTHON_SOURCES := $(sort $(dir $(wildcard widget/*.py bench/*.py tests/*.py)))
UV_VERSION := 0.13.9

# An environment knows where it was made, so that a copied or moved checkout makes its own.
HERE := $(realpath .)
ifneq ($(HERE),$(shell $(BIN)/python -c '' 2>/dev/null && cat $(VENV)/here))
.PHONY: $(VENV)/here
endif

.PHONY: help run test pictures words check style contracts types scripts format bench lock clean
.NOTPARALLEL:

help:           ## List these commands
	@awk -F ':.*## *' '/^[a-z]+:.*##/ { printf "make %-10s%s\n", $$1, $$2 }' Makefile

run: $(VENV)/run     ## Start everything, with a demo site, on this machine
	@exec $(BIN)/widget up

# The tests start our commands a hundred times; what Python compiles for one, the others use.
test: $(VENV)/dev    ## Run the tests (ARGS="-k name" for some of them)
	@tools/chromium.sh
	@PYTHONDONTWRITEBYTECODE= TMPDIR=$(or $(SCRATCH),$(TMPDIR),/tmp) $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal $(ARGS)

pictures: $(VENV)/dev   ## Take the screenshots in the README and docs/ again
	@$(BIN)/python -m pytest -q tests/test_journey.py tests/browser/test_states.py tests/browser/test_desk_pages.py -k 'sqlite or states or desk_pages' --pictures docs/images

words: $(VENV)/dev   ## Bring the catalogues up to date with what readers are told
	@$(BIN)/python tools/words.py

check: style contracts types scripts   ## Judge style, contracts and types, the cheapest first

bench: $(VENV)/dev   ## Measure (ARGS are for the bench)
	@$(BIN)/python -m bench $(ARGS)

format: $(VENV)/dev node_modules/installed   ## Put all sources into the house's format
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet
	@PATH="$(BIN):$$PATH" node_modules/.bin/biome check --write --no-errors-on-unmatched

lock: $(VENV)/uv     ## Lock what pyproject.toml and package.json ask for (ARGS=--upgrade for the newest)
	@$(UV_COMPILE) --group build -o requirements.txt pyproject.toml
	@$(UV_COMPILE) --group build --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	@$(MAKE) --no-print-directory $(VENV)/dev
	@PATH="$(BIN):$$PATH" npm install --package-lock-only --ignore-scripts
	@if grep -nE 'https?://|"resolved"' requirements*.txt || grep -n '"resolved"' package-lock.json; \
	then echo 'A lock names a registry: see above.' >&2; exit 1; fi

clean:          ## Remove what the commands above made, but for var/, which holds data
	@rm -rf $(VENV) node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------- the parts of check

style: $(VENV)/dev
	@echo 'ruff: style and format'
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet --diff

contracts: $(VENV)/dev
	@echo 'import-linter: who may import whom'
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/dev
	@echo 'mypy: types'
	@$(BIN)/mypy $(PYTHON_SOURCES)

scripts: node_modules/installed
	@echo 'biome: scripts and style sheets'
	@PATH="$(BIN):$$PATH" node_modules/.bin/biome ci --colors=off --error-on-warnings --no-errors-on-unmatched

# ---------------------------------------------------------------------- the environment, made by need

$(VENV)/here:
	@set -e; found=; old=; \
	for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3' >&2; exit 1; fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	if ! "$$found" -m venv --clear $(VENV); then \
	  echo "$$found cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; fi
	@echo '$(HERE)' > $@

$(VENV)/run: requirements.txt pyproject.toml $(VENV)/here
	@echo 'Installing the service: the first time takes about a minute'
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements-dev.txt pyproject.toml $(VENV)/here
	@echo 'Installing the service and its tools: the first time takes a minute or two'
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(VENV)/run $@

$(VENV)/uv: $(VENV)/here
	@$(PIP) install uv==$(UV_VERSION)
	@touch $@

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(ARGS)

node_modules/installed: package.json package-lock.json .npmrc | $(VENV)/dev
	@echo 'Installing the linter of static/'
	@PATH="$(BIN):$$PATH" npm ci --loglevel=error --ignore-scripts
	@touch $@
