.DEFAULT_GOAL := help
PYTHON ?= python3
# If it is set, each process that a test starts has to compile the whole bot.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header pyproject.toml

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 18

setup: .venv/ready  ## Prepare .venv with the locked dependencies

.venv/ready: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup  ## Run the bot against a simulated Slack on this machine; needs nothing else
	$(BIN)/python app.py demo

# For the accessibility tests; without npm they are skipped.
AXE := build/axe/node_modules/axe-core/axe.min.js
$(AXE):
	@command -v npm >/dev/null && mkdir -p build/axe && npm install --silent --no-audit --no-fund --no-package-lock \
		--ignore-scripts --prefix build/axe axe-core@4.14.1 || echo "npm not found: skipping the accessibility tests"

# Two more workers than cores, because whole-program tests often wait: a server takes 0.2 s to stop.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal
# These use no database, choose their own engine, or read one row; with Stripe, the database sees the same
# queries as with the embedded provider.
NOT_ON_POSTGRESQL := chaos sandbox browser http_fuzz replicas simulation mutants blocks mail messaging \
	directory receipts fake_stripe billing/test_stripe.py billing/test_stripe_price.py \
	billing/test_stripe_customer.py billing/test_stripe_default_payment_method.py billing/test_localstripe.py handlers/stripe/test_orders.py \
	handlers/stripe/test_events.py models/test_migrations.py models/test_triggers.py models/test_constraints.py \
	models/test_baseline.py test_unsupported_schema.py test_restore.py test_audit_command.py test_settings.py \
	test_accounts_file.py test_docs.py test_i18n.py test_manifest.py test_routes.py

test: setup $(AXE)  ## Run the tests: on SQLite over HTTP, what depends on the database on PostgreSQL over Socket Mode
	$(PYTEST)

test-long: setup $(AXE)  ## Run everything: all tests on both databases, all seeds and cells, planted bugs, stress (hours)
	$(PYTEST) -m "long or not long"
	SEATBOT_TEST_DATABASE=postgresql $(PYTEST) -m "(long or not long) and not both_databases" $(NOT_ON_POSTGRESQL:%=--ignore tests/%)
	@$(MAKE) --no-print-directory simulate crash-matrix bad-input planted stress

check: setup  ## Format, lint, types, import contracts, lock freshness, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@# The two run beside the tests, and take one core for half a minute.
	@$(MAKE) --no-print-directory -j 3 types lock-check test

types: setup  ## Check the types
	$(BIN)/mypy

format: setup  ## Format the code and apply automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup  ## Compile the lock files from pyproject.toml (UPGRADE=1 takes newer versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra sandbox --extra dev -o requirements-dev.txt

lock-check: setup  ## Fail if a lock file does not match pyproject.toml
	@mkdir -p build && cp requirements.txt requirements-dev.txt build/
	@$(COMPILE) -o build/requirements.txt && $(COMPILE) --extra sandbox --extra dev -o build/requirements-dev.txt
	@diff -u requirements.txt build/requirements.txt && diff -u requirements-dev.txt build/requirements-dev.txt \
		|| { echo "the lock files are stale: make lock"; exit 1; }

manifest: setup  ## Generate manifest.json from manifest.yml
	$(BIN)/python -m docs.generate manifest

docs: setup  ## Generate docs/states.md and docs/messages.md
	$(BIN)/python -m docs.generate docs

SEEDS ?= 300
# With Stripe, a seed takes three times as long.
SEEDS_WITH_STRIPE ?= $(SEEDS)
simulate: setup  ## Run N seeds of the fault simulation with each provider: make simulate SEEDS=N [SEEDS_WITH_STRIPE=N]
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.simulation --with-stripe --seeds $(SEEDS_WITH_STRIPE)

crash-matrix: setup  ## Inject one fault after each commit of an order, with each provider
	$(BIN)/python -m tests.simulation --crash-matrix
	$(BIN)/python -m tests.simulation --crash-matrix --with-stripe

CASES ?= 10000
bad-input: setup  ## Send N malformed or forged requests to the HTTP endpoint: make bad-input CASES=N
	$(BIN)/python -m tests.http_fuzz --cases $(CASES)

replicas: setup  ## Kill and restart several processes at random moments
	$(BIN)/python -m pytest -n 2 -m "long or not long" tests/replicas/test_replicas.py

chaos: setup  ## Take networks, disks and clocks away from real processes (apt-get install faketime pgbouncer prometheus)
	$(BIN)/python -m pytest -n 2 -m "long or not long" tests/chaos

planted: setup  ## Plant bugs, and check that a test fails for each (ONLY=name plants one)
	$(BIN)/python -m tests.mutants $(if $(ONLY),--only $(ONLY))

stress: setup  ## Press one button many times at once, against eight processes (long)
	$(BIN)/python -m tests.replicas

bench: setup  ## Compare the bot with bare Bolt (two quiet cores, half an hour): docs/performance.md
	@command -v npm >/dev/null && mkdir -p build/bolt-js && npm install --silent --no-audit --no-fund \
		--no-package-lock --ignore-scripts --prefix build/bolt-js @slack/bolt@5.1.0 || echo "npm not found: skipping Bolt for JavaScript"
	$(BIN)/python -m bench

trace: setup  ## Count the files, queries and writing transactions of one order (ON=postgresql)
	@$(BIN)/python -m bench.trace $(if $(ON),--$(ON))

pictures: setup  ## Take the screenshots in docs/pictures (needs Chromium)
	$(BIN)/python -m docs.pictures

migration: setup  ## Generate a migration: make migration MESSAGE="Add …" NUMBER=(the next free one)
	$(BIN)/python -m docs.generate migration "$(NUMBER)" "$(MESSAGE)"

recordings: setup  ## Record what a version sends to its database, for tests/upgrades: make recordings COMMIT=v1.2.0
	$(BIN)/python -m tests.upgrades $(COMMIT)

.PHONY: help setup demo test test-long check types format lock lock-check manifest docs pictures migration recordings simulate crash-matrix bad-input replicas chaos planted stress bench trace
