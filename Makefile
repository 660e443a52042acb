# Fengge: `make demo` shows it, `make test` proves it, `make help` lists the rest. It needs python3 (3.11 or newer).

SHELL := /bin/bash
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header
# A house is many processes, and its drills start many more: none compiles again what another has compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo up down status test faults soak mutants fuzz lint format lock clean bench bench-quick bench-steady
.NOTPARALLEL:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run.stamp ## play a day of requests through the closed loop (N=200, DATA=file.csv)
	@$(BIN)/python -m cli.main demo $(if $(N),--n $(N)) $(if $(DATA),--data "$(DATA)")

up: .venv/run.stamp ## start broker, database and services and leave them running
	@$(BIN)/python -m deploy.local up

down: .venv/run.stamp ## stop what `make up` started
	@$(BIN)/python -m deploy.local down

status: .venv/run.stamp ## say what runs
	@$(BIN)/python -m deploy.local status

.PHONY: backup restore
backup: .venv/run.stamp ## back up the house while it works (TO=folder)
	@$(BIN)/python -m deploy.local backup $(if $(TO),--to "$(TO)")

restore: .venv/run.stamp ## make the house what a back-up holds (FROM=folder, FORCE=1 sets aside what is there)
	@$(if $(FROM),,echo "make restore FROM=folder (make backup makes one)" >&2; exit 2)
	@$(BIN)/python -m deploy.local restore "$(FROM)" $(if $(FORCE),--force)

# Two lanes (docs/adr/0034), the longest work first; a worker that dies is not replaced, it fails the run.
LANES := -n 2 --no-loadscope-reorder --max-worker-restart=0

test: .venv/dev.stamp ## run every test against real servers of our own
	@$(BIN)/python -m pytest $(LANES) -m "not long" \
		tests/faults tests/acceptance tests/integration tests/contracts tests/unit

faults: .venv/dev.stamp ## let every accident happen, print what became of it (.run/faults.json)
	@$(BIN)/python -m pytest -q -o faulthandler_timeout=1800 tests/faults
	@$(BIN)/python -m pytest -q --hypothesis-profile=deep tests/integration/test_random_accidents_*.py

.PHONY: alarms
alarms: .venv/dev.stamp ## 100,000 deadlines due at once, while requests go on coming
	@$(BIN)/python -m pytest -q -s tests/integration/test_100_000_alarms_due_at_once.py

.PHONY: retries
retries: .venv/dev.stamp ## 10,000 parked events tried again at a pace while residents ask, the console killed half-way
	@$(BIN)/python -m pytest -q -s -o faulthandler_timeout=1800 tests/faults/test_retry_of_10_000.py

.PHONY: classifier
classifier: .venv/dev.stamp ## train on real messages, tell how well categories are suggested (CLASSIFIED=file.csv)
	@$(BIN)/python -m pytest -q -s tests/acceptance/test_classifier_on_real_messages.py

.PHONY: cities
cities: .venv/dev.stamp ## 8,999 real requests of two cities through Open311 and back (REAL_311=folder)
	@$(BIN)/python -m pytest -q -s tests/integration/test_open311_carries_two_cities.py

.PHONY: traces
traces: .venv/dev.stamp ## spans at a real receiver: retries, sampling, a receiver that is away, the last ones at a stop
	@$(BIN)/python -m pytest -q tests/integration/test_a_trace_crosses_four_services.py

.PHONY: runbooks
runbooks: .venv/dev.stamp ## drills by the book: cause each alert, mend it with its page's commands; operators over ssh (15 minutes)
	@$(BIN)/python -m pytest -q -o faulthandler_timeout=1800 tests/acceptance/test_runbook_drills.py tests/acceptance/test_runbooks.py tests/acceptance/test_operators_over_ssh.py

.PHONY: minute
minute: .venv/dev.stamp ## a minute without a broker under 200 posts a second: none is refused, all are there once
	@$(BIN)/python -m pytest -q -s -k 60 tests/faults/test_gateway_outlives_the_broker.py

fuzz: .venv/dev.stamp ## minutes of nonsense for the gateway, no fault and no person comes out (MINUTES=10)
	@MINUTES=$(or $(MINUTES),10) $(BIN)/python -m pytest -q -s -o faulthandler_timeout=7200 tests/integration/test_gateway_and_foreign_clients.py -k nonsense

.PHONY: drills
drills: .venv/dev.stamp ## accidents as operators see and mend them, in a real browser
	@$(BIN)/python -m pytest -q -o faulthandler_timeout=1800 tests/faults/test_operators_mend.py \
		tests/faults/test_a_poisoned_shard_is_mended_by_hand.py

mutants: .venv/dev.stamp ## break five promises on purpose and see an accident catch each
	@$(BIN)/python -W ignore -m tests.faults.mutants

soak: .venv/dev.stamp ## random accidents under load (MINUTES=10, SEED=number), 0 lost, doubled, reordered or it fails
	@$(BIN)/python -W ignore -m tests.faults.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

bench: .venv/run.stamp ## measure everything side by side (15 minutes)
	@$(BIN)/python -W ignore -m bench

bench-quick: .venv/run.stamp ## the same with fewer rounds, no growth, no scale (3 minutes)
	@$(BIN)/python -W ignore -m bench --quick

.PHONY: bench-report
bench-report: .venv/run.stamp ## how long a monthly scorecard takes over a million ratings (2 minutes)
	@$(BIN)/python -W ignore -m bench.scorecard

.PHONY: pictures
pictures: .venv/dev.stamp ## take the pictures of the operators' room anew (docs/console)
	@PICTURES=1 $(BIN)/python -m pytest -q tests/acceptance -k "in_a_browser or what_failed"

.PHONY: bench-console
bench-console: .venv/run.stamp ## how long the operators' room takes for each page over a million tickets (30 minutes, TICKETS=100000; AGAIN=1 opens those of the last run)
	@$(BIN)/python -W ignore -m bench.console $(if $(TICKETS),--tickets $(TICKETS)) $(if $(AGAIN),--again)

bench-steady: .venv/run.stamp ## memory of every process, minute by minute (MINUTES=10)
	@$(BIN)/python -W ignore -m bench --steady $(or $(MINUTES),10)

lint: .venv/dev.stamp ## check style, types and layers
	@echo "ruff"; $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "mypy"; $(BIN)/mypy --strict
	@echo "import-linter"; said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }

format: .venv/dev.stamp ## put the code into its standard form
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

lock: ## compile pyproject.toml into requirements/ with hashes (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/ (or UV=path)" >&2; exit 1; }
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) --extra dev pyproject.toml --output-file requirements/dev.txt

clean: ## stop all, remove the environment and everything made at run time
	@if [ -x $(BIN)/python ] && [ -d .run ]; then $(BIN)/python -m deploy.local down; fi
	rm -rf .run .venv *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing the libraries Fengge runs on"
	@$(PIP) --require-hashes -r requirements/run.txt
	@$(PIP) --no-build-isolation --no-deps --config-settings editable_mode=compat -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "installing the libraries its tests and checks need"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Fengge needs Python 3.11 or newer; name one with make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python lacks venv here: apt-get install python3-venv" >&2; exit 1; }
	@echo "creating .venv"
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
