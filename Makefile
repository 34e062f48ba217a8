# Jishi. `make help` says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run up down reset demo test test-engines test-slow test-all storm bench bench-search bench-import bench-flash check lint docs deploy

PYTHON ?= python3
BIN := .venv/bin
CSV ?=
# Judged queries of the Icecat set, if not those that lie with it.
JUDGMENTS ?=
PRODUCTS ?= 100000
# A flash sale: buyers, pieces, and the shards that these are spread over.
BUYERS ?= 2000
STOCK ?= 500
SHARDS ?= 8
# The first seed of a storm, and how many.
SEED ?= 1
RUNS ?= 200
# The shop's own ports, and where it keeps its data.
export PORT ?= 4566
export SEARCH_PORT ?= 9200
export STRIPE_PORT ?= 8420
export JISHI_HOME ?= .local

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: .venv/installed ## start the shop on this machine and stay until Ctrl-C
	@$(BIN)/python -m infra.local run

up: .venv/installed ## start the shop in the background; returns when it answers
	@$(BIN)/python -m infra.local up

down: .venv/installed ## stop the shop that runs in the background; its data stays
	@$(BIN)/python -m infra.local down

reset: .venv/installed ## stop the shop and forget its data
	@$(BIN)/python -m infra.local reset

demo: .venv/installed ## play a guest and staff against the running shop; CSV=file imports another Shopify file
	@$(BIN)/python -m infra.local.demo $(if $(CSV),"$(CSV)")

test: .venv/installed ## pass the tests, the deployed template on a stack of their own among them
	@$(BIN)/python -m infra.local install
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not engines"

test-slow: .venv/installed ## pass what takes too long for `make test`: restarts in the middle of work, a longer storm
	@$(BIN)/python -m infra.local install
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "slow and not engines"
	@$(MAKE) --no-print-directory storm SEED=1 RUNS=500

test-engines: .venv/installed ## pass what is about search on OpenSearch itself, about Stripe on Stripe's own mock server
	@$(BIN)/python -m pytest -m engines

test-all: test test-engines test-slow ## pass all tests there are

bench: .venv/installed ## measure the shop against its budgets and write docs/performance.md
	@$(BIN)/python -m bench --write

bench-search: .venv/installed ## how well search finds what people mean; JUDGMENTS=file for other judgments
	@$(BIN)/python -m infra.local install
	@$(BIN)/python -m bench.relevance $(if $(JUDGMENTS),--judgments "$(JUDGMENTS)")

bench-import: .venv/installed ## import PRODUCTS=100000, watch the memory, search while reindex runs; the last line is JSON
	@$(BIN)/python -m infra.local install
	@$(BIN)/python -m bench.scale --products $(PRODUCTS)

bench-flash: .venv/installed ## sell 500 pieces of one SKU to 2,000 buyers on a stack of its own; the last line is JSON
	@$(BIN)/python -m infra.local install
	@$(BIN)/python -m bench.flash --buyers $(BUYERS) --stock $(STOCK) --shards $(SHARDS)

storm: .venv/installed ## play RUNS=200 seeds from SEED=1 of weather against the chain; the last line is JSON
	@$(BIN)/python -m tests.storm --seed $(SEED) --runs $(RUNS)

check: lint test ## lint, then test

lint: .venv/installed ## format, lint, types, generated documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m infra.document --check

docs: .venv/installed ## write what is generated: the OpenAPI document, docs/events.md, the paths in docs/api.md
	@$(BIN)/python -m infra.document

deploy: .venv/installed ## deploy to AWS, with the credentials and region of the environment
	@$(BIN)/python -m infra.deploy

# pip says at length what went wrong; the last line says what to do.
.venv/installed: requirements.txt requirements-dev.txt constraints.txt
	@echo "installing into .venv (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "jishi: Python 3.11 or newer is needed; say which: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "jishi: python3 can not create virtual environments; on Debian: apt install python3-venv"; exit 1; }
	@mkdir -p .local
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt 2>.local/pip.log || { rm -rf .venv; echo "jishi: pip could not install; check the network (or PIP_INDEX_URL) and try again; pip's own words are in .local/pip.log"; exit 1; }
	@touch $@
