# A fresh machine needs Python 3.11 or later and make; `make run` and `make test` fetch the rest.
# Each step leaves a file behind, so that a second call does nothing.

PYTHON ?= python3
export BROKER_DEV_S3_ENV ?= $(CURDIR)/.broker/s3-env
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --require-hashes --requirement
RUN_READY := .venv/.run-ready
DEV_READY := .venv/.dev-ready
NODE_READY := node_modules/.package-lock.json
S3_READY := $(BROKER_DEV_S3_ENV)/installed.sha256
PAGE_READY := web/vendor/lit-html/lit-html.js
MIN_COVERAGE := 90

.PHONY: help run setup setup-dev check test bench lock
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

run: setup ## the demo: broker, page, embedded S3, three users
	$(BIN)/broker dev $(ARGS)

setup: $(RUN_READY) $(PAGE_READY) $(S3_READY) ## everything `make run` needs

setup-dev: setup $(DEV_READY) $(NODE_READY) ## and the tools of check and test

check: setup-dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	scripts/node npx --no-install tsc --project jsconfig.json

test: check ## every check and every test
	$(BIN)/pytest --ignore=tests/e2e --cov --cov-fail-under=$(MIN_COVERAGE) $(ARGS)
	# A run of its own: the browser's driver keeps an event loop, beside which no other may run.
	CHROMIUM="$$(scripts/browser)" && export CHROMIUM && $(BIN)/pytest tests/e2e $(ARGS)
	find tests/web -name '*.test.js' -print0 | xargs -0 scripts/node node --test

bench: setup-dev ## ratios against peers and limits
	$(BIN)/python -m bench $(ARGS)

lock: setup-dev ## write the lock files anew
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/lock
	scripts/node npm install --package-lock-only

$(RUN_READY): requirements/run.txt pyproject.toml
	scripts/venv $(PYTHON)
	$(INSTALL) requirements/run.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(DEV_READY): requirements/dev.txt $(RUN_READY)
	$(INSTALL) requirements/dev.txt
	touch $@

$(PAGE_READY): package-lock.json scripts/vendor | $(RUN_READY)
	scripts/vendor

$(NODE_READY): package-lock.json | $(RUN_READY)
	scripts/node npm ci --loglevel=error
	touch $@

$(S3_READY): broker/dev/ministack.txt | $(RUN_READY)
	$(BIN)/python -m broker.dev.environment
	touch $@
