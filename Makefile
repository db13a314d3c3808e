# The only list of commands. Each target installs what it needs first.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
UV := $(BIN)/uv
CLIENT_SOURCES := $(shell find client/src client/trusted client/public client/index.html client/playground.html client/vite.config.ts client/package.json -type f 2>/dev/null)
NODE_MODULES := $(patsubst %,%/node_modules/.package-lock.json,client cloudflare .github)
SCRIPTS := $(filter-out %.py %/__pycache__,$(wildcard .ci/*))
ARTEFACTS := query:api worker:worker run:local infra:infra audit:audit bootstrap:bootstrap

# Without bytecode every process parses every module again: start-up takes two to three times as long.
unexport PYTHONDONTWRITEBYTECODE
# The environment made here is the one used, whatever other one is active.
unexport VIRTUAL_ENV

.PHONY: run test package check lint types workflows edge unit live bench soak mutants schema codegen migrate lock audit costs pictures chromium install install-dev client client-check clean

run: install client ## install, start database, API, worker and page
	@exec $(BIN)/parakeet serve --port $(PORT)

test: install-dev chromium ## everything CI runs
	$(MAKE) --no-print-directory lint types workflows client-check edge
	cd client && npm run --silent e2e
	$(BIN)/pytest -n auto --dist loadfile -rs --ignore tests/infra
	$(BIN)/pytest -n 2 --dist loadfile tests/infra

check: install-dev client/node_modules/.package-lock.json ## lint, types, imports, and generated files are current
	$(MAKE) --no-print-directory lint types schema codegen
	git diff --exit-code -- client/schema.graphql docs/api.md client/src/graphql api/catalogue.json api/documents api/sessions.json

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/typos

types: install-dev
	$(BIN)/mypy

workflows: install-dev .github/node_modules/.package-lock.json ## GitHub's workflows and the scripts they call, offline
	cd .github && npm run --silent lint
	$(BIN)/zizmor --offline --quiet --pedantic --config .github/zizmor.yml .github/workflows
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo 'shellcheck is not installed: the scripts in .ci were not checked'; fi

edge: cloudflare/node_modules/.package-lock.json ## the Worker before the API: checked, built to dist/edge, run in workerd
	cd cloudflare && npm run --silent check && npm run --silent build && npm run --silent test

package: install-dev dist/edge/index.js ## what is deployed: the query function's zips, the workers' file tree, the edge, their sizes
	$(BIN)/python .ci/package.py query-arm64 query-x86_64 worker sizes

unit: install-dev ## the engine, and what every strategy and every adapter of a port must do
	$(BIN)/pytest -q tests/engine tests/contracts

live: install-dev ## the suite of tests/live against the real providers; needs the network and TIINGO_API_KEY
	@test -n "$$TIINGO_API_KEY" || { echo 'TIINGO_API_KEY is not set: the real providers cannot be asked'; exit 1; }
	PARAKEET_LIVE=1 $(BIN)/pytest -rs tests/live

soak: install-dev ## faults in data and of machines in number, and a flood; SOAK="--rounds 20 --flood 10000 --seed 1"
	$(BIN)/python -m tests.quality
	$(BIN)/python -m tests.api
	$(BIN)/python -m tests.soak $(SOAK)

mutants: install-dev ## each guard taken away in turn: its test must turn red
	$(BIN)/python -m tests.mutants

bench: install-dev tests/benchmarks/postgraphile/node_modules/.package-lock.json ## ratios against the named peers, both sides printed
	$(BIN)/python -m tests.benchmarks

schema: install-dev ## print the SDL, its guide, the strategy catalogue and the markets' sessions
	$(BIN)/parakeet schema

codegen: client/node_modules/.package-lock.json ## typed documents from the committed SDL
	cd client && npm run --silent codegen

migrate: install ## bring the database to the newest revision
	$(BIN)/parakeet migrate

pictures: install-dev chromium client ## screenshots for the README
	cd client && npm run --silent pictures

lock: .venv/.bootstrap ## renew the hashed requirement locks, one per artefact
	$(UV) lock --upgrade
	$(UV) export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --group dev -o requirements.lock
	@for pair in $(ARTEFACTS); do \
		$(UV) export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups \
			--group $${pair#*:} -o requirements-$${pair%%:*}.lock || exit 1; \
	done

audit: .venv/audit/bin/pip-audit $(NODE_MODULES) ## known advisories and the bill of materials; needs the network
	$(BIN)/python .ci/audit.py materials dist/sbom
	$(BIN)/python .ci/audit.py advisories

costs: install-dev ## what a month costs, from the stacks' settings and pulumi/prices.toml
	PYTHONPATH=pulumi $(BIN)/python -m tests.infra.costs >docs/operations/costs.md

clean: ## remove what can be made again; the database under .parakeet stays
	rm -rf .venv client/node_modules cloudflare/node_modules client/dist dist .mypy_cache .ruff_cache .pytest_cache

install: .venv/.run
install-dev: .venv/.dev
client: client/dist/index.html

client-check: client/node_modules/.package-lock.json
	cd client && npm run --silent lint && npm run --silent typecheck && npm run --silent test

chromium: ## a browser for the tests: installed from Debian as root, else named
	@.ci/chromium >/dev/null

.venv/.bootstrap: requirements-bootstrap.lock
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Python 3.11 to 3.14 is needed; name it with PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@touch $@

.venv/.run: .venv/.bootstrap requirements-run.lock pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-run.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/audit/bin/pip-audit: .venv/.dev requirements-audit.lock
	$(UV) venv --quiet .venv/audit
	$(UV) pip install --quiet --python .venv/audit/bin/python --require-hashes -r requirements-audit.lock
	@touch $@

dist/edge/index.js: cloudflare/node_modules/.package-lock.json $(wildcard cloudflare/src/*.ts)
	cd cloudflare && npm run --silent build

client/dist/index.html: client/node_modules/.package-lock.json $(CLIENT_SOURCES)
	cd client && npm run --silent build
