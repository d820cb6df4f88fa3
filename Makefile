# Everything that is done to this repository, by name. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run install test check format bench screenshots migration messages pin system

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/*.po))
JOBS ?= 4
ARGS ?=

ifdef HOST
export VESTIBULE_HOST := $(HOST)
endif
ifdef PORT
export VESTIBULE_PORT := $(PORT)
endif
ifdef DATA
export VESTIBULE_DATA_DIR := $(DATA)
endif

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(RUN_STAMP) $(CATALOGUES) ## a demo on 127.0.0.1:8000; HOST=, PORT= and DATA= (folder) change it
	@export VESTIBULE_DEMO=true VESTIBULE_DEMO_SMS_PAGE="$${VESTIBULE_DEMO_SMS_PAGE:-true}"; \
	$(BIN)/vestibule migrate && $(BIN)/vestibule demo && exec $(BIN)/vestibule serve

install: $(DEV_STAMP) $(CATALOGUES) ## virtual environment with everything for development

test: $(DEV_STAMP) $(CATALOGUES) system ## all tests; ARGS="tests/portal/sms -k crash" narrows them
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: $(DEV_STAMP) $(CATALOGUES) ## format, lint, types, import rules, migrations, translations, README
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n0 -k "not postgresql" tests/architecture/test_migrations.py tests/architecture/test_translations.py tests/architecture/test_readme.py

format: $(DEV_STAMP) ## rewrite the code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP) $(CATALOGUES) system ## speed against bare Flask, on SQLite and PostgreSQL
	$(BIN)/python -m bench $(ARGS)

screenshots: $(DEV_STAMP) $(CATALOGUES) system ## every page, state, language and size into screenshots/
	$(BIN)/python -m tests.support.screenshots $(ARGS)

migration: $(DEV_STAMP) ## a new migration from the models: make migration TEXT="add a column"
	@test -n "$(TEXT)" || { echo 'say what it does: make migration TEXT="add a column"'; exit 2; }
	@export VESTIBULE_DEMO=true VESTIBULE_DATA_DIR="$$(mktemp -d)"; \
	$(BIN)/vestibule migrate && $(BIN)/vestibule migrate --new "$(TEXT)"; rm -rf "$$VESTIBULE_DATA_DIR"

messages: $(DEV_STAMP) ## collect texts into the Russian catalogue and compile it
	$(BIN)/pybabel -q extract -F pyproject.toml -k _l -k marked --no-location --sort-output -o $(VENV)/messages.pot .
	$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d portal/translations -l ru --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 110
	$(BIN)/pybabel compile -d portal/translations

pin: ## write constraints.txt anew from the newest versions that fit pyproject.toml
	@fresh="$$(mktemp -d)"; $(PYTHON) -m venv "$$fresh" && "$$fresh/bin/pip" install -q '.[dev]' && \
	"$$fresh/bin/pip" freeze --exclude vestibule | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt; rm -rf "$$fresh"; wc -l constraints.txt

system: # what the tests and the bench need beside Python, on Debian
	@bash tests/support/system_packages.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "venv is missing: apt-get install python3-venv"; exit 1; }

$(RUN_STAMP): pyproject.toml constraints.txt hatch_build.py | $(BIN)/python
	@echo "installing Vestibule into $(VENV) …"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@echo "installing the development tools into $(VENV) …"
	@$(BIN)/pip install -q --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'
	@touch $@

%.mo: %.po | $(RUN_STAMP)
	@$(BIN)/pybabel -q compile -i $< -o $@.new && mv $@.new $@
