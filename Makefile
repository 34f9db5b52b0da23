# Everything that is done in this repository; CONTRIBUTING.md says when.

PORT ?= 5000
DATA ?=
EPOCHS ?=
DEMO_EXIT ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALLED := $(VENV)/.installed
UI := ui_extensions
NPM := $(UI)/npm.sh
PACKAGES := $(UI)/node_modules/.installed
PAGES := $(UI)/built/.built
PAGE_SOURCES := $(shell find $(UI)/dashboard $(UI)/live $(UI)/mlflow_panel -type f ! -name '*.test.ts') \
	$(wildcard $(UI)/vite*.ts)
CHECKED := api serving tests tracking_plugin training ui_extensions

IS_SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(IS_SUPPORTED)' 2>/dev/null && echo $$python && break; done)
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak browser check types messages released screenshots bench lock clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(PAGES) ## virtual environment in .venv with the pinned dependencies, and the built pages

$(INSTALLED): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c '$(IS_SUPPORTED)' 2>/dev/null || { \
		echo "Fovea needs Python 3.11, 3.12 or 3.13, and $(or $(PYTHON),python3) is none of them:" \
			"install one, or name it, as in: make setup PYTHON=/usr/bin/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make virtual environments: install its venv package" \
			"(python3-venv on Debian and Ubuntu)" >&2; exit 1; }
	$(PIP) install --no-deps --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@# A copy of the entry points that would hide the installed ones once it is out of date.
	@rm -rf mlflow_fovea.egg-info
	@touch $@

$(PACKAGES): $(UI)/package-lock.json | $(INSTALLED)
	$(NPM) ci --ignore-scripts --no-progress
	@touch $@

$(PAGES): $(PACKAGES) $(PAGE_SOURCES)
	$(NPM) run build
	@touch $@

demo: setup ## server, training with 2 processes, links (PORT, DATA, EPOCHS, DEMO_EXIT=1)
	@exec $(BIN)/fovea demo --port $(PORT) \
		$(if $(DATA),--data "$(DATA)") $(if $(EPOCHS),--epochs $(EPOCHS)) \
		$(if $(filter-out 0 false no,$(DEMO_EXIT)),--exit)

test: setup browser ## all tests (ARGS goes to pytest)
	$(NPM) test
	@exec $(BIN)/python -m tests.run -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

soak: setup browser ## long loads and faults, which make test leaves out (ARGS goes to pytest)
	@exec $(BIN)/python -m tests.run -m soak -o timeout=1800 $(ARGS)

browser: $(INSTALLED)
	@$(BIN)/python -m tests.browser

check: setup ## format, lint, types, import contracts, generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.structure
	$(BIN)/python -m tests.file_names
	$(BIN)/python -m api.client.generate --check
	$(BIN)/python -m serving.generate_stubs --check
	$(BIN)/buf lint
	$(BIN)/buf breaking --against serving/v1/released.binpb
	$(NPM) run check

types: setup ## the TypeScript types anew, from the server's OpenAPI and AsyncAPI documents
	$(BIN)/python -m api.documents $(UI)/built/documents
	$(NPM) run types -- built/documents

messages: setup ## the gRPC stubs anew, from the .proto files of serving/v1
	$(BIN)/python -m serving.generate_stubs

released: setup ## hold the messages of this release against later breaking changes
	$(BIN)/buf build --output serving/v1/released.binpb

screenshots: setup browser ## pictures of the pages in docs/screenshots, from real work
	$(BIN)/python -m tests.ui_extensions.screenshots

bench: setup ## the side-by-side measurements, as tables
	@set -e; for benchmark in benchmarks/*.py; do \
		[ -e "$$benchmark" ] || { echo "There are no benchmarks yet."; break; }; \
		$(BIN)/python -m "benchmarks.$$(basename "$$benchmark" .py)"; done

lock: ## requirements.lock anew from pyproject.toml and constraints.in (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--constraints constraints.in --no-header --no-emit-index-url --no-annotate \
		--output-file requirements.lock

clean: ## remove what the tools leave behind; .venv and .fovea stay
	rm -rf build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
		.schemathesis
	rm -rf $(UI)/built $(UI)/node_modules
	find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +
