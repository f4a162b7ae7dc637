# Every habit of this repository is a target here; hooks and CI call these and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LINTERS := deploy/lint/node_modules/.package-lock.json
COMPILE := .uv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--custom-compile-command "make lock"
IMAGES := identity rooms social moderation inventory analytics stores
PATHS := libs services cli clients deploy bench tests
# Where a company's proxy signs what comes in, the system knows it and uv's own list does not.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  \033[1m%-8s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) $(LINTERS) ## Python environment, Debian packages, Kafka, what is compiled
	@$(BIN)/python -m deploy.native.install
	@$(BIN)/python -m deploy.compile

.PHONY: up
up: setup ## Open the bar: everything on loopback (NODES=2 for two realtime nodes)
	@$(BIN)/virtubar up $(if $(NODES),--nodes $(NODES))

.PHONY: down
down: $(READY) ## Close the bar; no process is left
	@$(BIN)/virtubar down

.PHONY: compose
compose: ## The bar in containers: passwords into .env, then docker compose up
	@$(PYTHON) -m deploy.secrets .env
	@docker compose up --detach

.PHONY: demo
demo: up ## An evening at the bar, and the proof that nothing was lost
	@$(BIN)/virtubar demo

.PHONY: test
test: setup ## All tests but the long fault runs
	@$(BIN)/pytest -n 2 --dist loadgroup

.PHONY: check
check: $(READY) ## Format, lint, types, imports
	@$(BIN)/ruff format --check $(PATHS)
	@$(BIN)/ruff check $(PATHS)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: fmt
fmt: $(READY) ## Format, and fix what lint can fix
	@$(BIN)/ruff check --fix --quiet $(PATHS)
	@$(BIN)/ruff format $(PATHS)

.PHONY: golden
golden: $(READY) ## Write what is generated from the contracts and from deploy/bar.py
	@$(BIN)/python -m libs.contracts.golden
	@$(BIN)/python -m deploy.golden

.PHONY: openapi
openapi: up ## Write what the running bar says of its API
	@$(BIN)/python -m deploy.gateway.gather
	@$(BIN)/python -m deploy.golden

.PHONY: faults
faults: setup ## The long fault runs
	@FAULTS=long $(BIN)/pytest tests/faults tests/rooms/realtime tests/e2e/test_every_route.py -m "faults or not faults"

.PHONY: bench
bench: setup ## Benchmarks, each a ratio in one run
	@$(BIN)/python -m bench

.PHONY: lock
lock: .uv/bin/uv ## Renew the pinned requirements from pyproject.toml
	@.uv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--custom-compile-command "make lock" --upgrade requirements/bootstrap.in -o requirements/bootstrap.txt
	@$(COMPILE) --group run -o requirements/run.txt
	@for name in dev compile $(IMAGES); do \
		$(COMPILE) --group $$name -c requirements/run.txt -o requirements/$$name.txt || exit 1; done

$(READY): requirements/dev.txt pyproject.toml .uv/bin/uv
	@test -x $(BIN)/python || .uv/bin/uv venv --quiet --python $(PYTHON) .venv
	@.uv/bin/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@.uv/bin/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

# npm comes with the environment, so nothing but Python has to be there before
$(LINTERS): deploy/lint/package-lock.json $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix deploy/lint --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.uv/bin/uv: requirements/bootstrap.txt
	@deploy/native/bootstrap.sh $(PYTHON) .uv requirements/bootstrap.txt
	@touch $@
