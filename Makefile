# Everything a person runs; `make` alone explains.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
STACK ?= local
VENV := .venv/.complete
BIN := .venv/bin
LOCALCLOUD := exec $(BIN)/python -m localcloud
PICTURE ?= .local/pictures/$(STACK).svg
# On AWS with this shell's backend and credentials; the local stack hands over its own.
COMMANDS := $(if $(filter local,$(STACK)),$(LOCALCLOUD) run,exec) $(abspath $(BIN))/python -m commands
# One of an application's databases.
STORE_OPTION = $(if $(STORE)$(DATABASE),--store $(or $(STORE),$(DATABASE)))
# Compiled modules are kept, whatever the shell says: the AWS SDK takes seconds to compile, and the
# program, the policy pack, the plugins and each test worker load it.
export PYTHONDONTWRITEBYTECODE :=

# A missing word of a command would have the next one taken for it.
need = $(foreach each,$(1),$(if $($(each)),,echo "error: make $@ needs $(each)=…; make help has an example" >&2; exit 1;))
refused = { echo "error: $(1)" >&2; exit 1; }

.PHONY: help
help: ## What can be done here
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

.PHONY: doctor
doctor: $(VENV) ## What is missing on this machine, and the command for each
	@$(LOCALCLOUD) doctor

.PHONY: up
up: $(VENV) ## The whole platform on this machine, without an AWS account
	@$(LOCALCLOUD) up $(STACK)

.PHONY: down
down: $(VENV) ## Destroy it again; nothing is left
	@$(LOCALCLOUD) down $(STACK)

.PHONY: status
status: $(VENV) ## What is there and whether it is well, and a picture of it
ifeq ($(STACK),local)
	@$(BIN)/python -m localcloud status $(STACK)
	@test ! -e .local/backend || ($(COMMANDS) status $(STACK) --picture $(PICTURE))
else
	@$(COMMANDS) status $(STACK) --picture $(PICTURE)
endif

.PHONY: preview
preview: $(VENV) ## What a stack would make: make preview STACK=prod (no AWS account needed)
	@$(LOCALCLOUD) preview $(STACK)

# To AWS itself: with the Pulumi CLI, the backend and the credentials of this shell.
ON_AWS = test $(STACK) != local || \
	  $(call refused,the local stack comes up with make up; on AWS: make $@ STACK=prod); \
	test -e Pulumi.$(STACK).yaml || \
	  $(call refused,there is no stack $(STACK): Pulumi.$(STACK).yaml does not exist); \
	command -v pulumi >/dev/null || \
	  $(call refused,pulumi is not on PATH: install the Pulumi CLI and log in (docs/guide.md, To AWS))
.PHONY: deploy
deploy: $(VENV) ## To AWS: a preview with the policy pack, then the change: make deploy STACK=prod
	@$(ON_AWS)
	@pulumi up --stack $(STACK) --policy-pack policies $(if $(CI),--yes --non-interactive)

.PHONY: drift
drift: $(VENV) ## Does AWS still look as the program says? Changes nothing: make drift STACK=prod
	@$(ON_AWS)
	@pulumi preview --stack $(STACK) --policy-pack policies --refresh --expect-no-changes

.PHONY: publish
publish: $(VENV) ## A part of a version into the artifact bucket: … APP=notebook PART=api VERSION=1.4.2 FILE=api.tar.gz
	@$(call need,APP VERSION $(if $(filter local,$(STACK)),,FILE))
	@$(if $(FILE),$(COMMANDS) publish $(STACK) $(APP) $(VERSION) $(FILE) $(if $(PART),--part $(PART)),\
	  $(LOCALCLOUD) publish $(APP) $(VERSION) $(STACK))

.PHONY: release
release: $(VENV) ## A published version, and nothing else: make release STACK=prod APP=notebook VERSION=1.4.2
	@$(call need,APP VERSION)
	@$(COMMANDS) release $(STACK) $(APP) $(VERSION) $(if $(NOW),--now)

.PHONY: dump
dump: $(VENV) ## One more dump of a database, now: make dump STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) dump $(STACK) $(APP) $(STORE_OPTION)

.PHONY: restore
restore: $(VENV) ## A database back to a dump, DUMP=… or the newest: make restore STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) restore $(STACK) $(APP) $(STORE_OPTION) $(if $(DUMP),--dump $(DUMP)) \
	  $(if $(UNDO),--undo) $(if $(DROP_OLD),--drop-old) $(if $(CONFIRM),--confirm $(CONFIRM))

.PHONY: restore-drill
restore-drill: $(VENV) ## Can the newest dump be restored? make restore-drill STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) restore-drill $(STACK) $(APP) $(STORE_OPTION) $(if $(DUMP),--dump $(DUMP))

.PHONY: rollback
rollback: $(VENV) ## The version that served before, or TO=1.4.0: make rollback STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) rollback $(STACK) $(APP) $(if $(TO),--to $(TO)) $(if $(DATABASE),--database $(DATABASE))

.PHONY: rotate
rotate: $(VENV) ## A new key or password, nobody logged out: make rotate STACK=prod APP=notebook SECRET=JWT_SECRET
	@$(call need,APP SECRET)
	@$(COMMANDS) rotate $(STACK) $(APP) $(SECRET) $(if $(EARLY),--early)

.PHONY: seed
seed: $(VENV) ## First content of a database: make seed STACK=dev APP=notebook
	@$(call need,APP)
	@$(COMMANDS) seed $(STACK) $(APP) $(if $(CONFIRM),--confirm $(CONFIRM)) $(if $(AGAIN),--again)

.PHONY: connect
connect: $(VENV) ## A shell on the operations instance, or on a host: make connect STACK=prod HOST=web-a1
	@$(COMMANDS) connect $(STACK) $(if $(HOST),--host $(HOST))

.PHONY: logs
logs: $(VENV) ## What an application has written, FOLLOW=1 as it comes: make logs STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) logs $(STACK) $(APP) $(if $(SERVICE),--service $(SERVICE)) $(if $(HOST),--host $(HOST)) \
	  $(if $(LINES),--lines $(LINES)) $(if $(FOLLOW),--follow)

.PHONY: restart
restart: $(VENV) ## Its processes anew, host by host, nobody notices: make restart STACK=prod APP=notebook
	@$(call need,APP)
	@$(COMMANDS) restart $(STACK) $(APP) $(if $(SERVICE),--service $(SERVICE))

.PHONY: repair
repair: $(VENV) ## Whatever was done by hand to cloud or hosts is undone: make repair STACK=prod
	@$(COMMANDS) repair $(STACK) $(if $(CI),--yes)

.PHONY: unit
unit: $(VENV) ## Unit tests: no network, no AWS account, under a minute
	@$(BIN)/pytest -n auto --dist worksteal --ignore=tests/e2e

.PHONY: lint
lint: $(VENV) ## Style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

.PHONY: e2e
e2e: $(VENV) ## Through the real engine on the local cloud: minutes
	@$(BIN)/pytest -m "e2e and not long" -v -n 2 tests/e2e

.PHONY: test-full
test-full: $(VENV) ## Every test there is, the long faults and drills too: an hour and more
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit
	@$(BIN)/pytest -m e2e -v -n 2 tests/e2e
	@$(BIN)/pytest -m e2e -v -n 2 --ignore=tests/e2e

.PHONY: test
test: ## Everything that has to hold: lint, unit and e2e, one after the other
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory e2e

.PHONY: schemas
schemas: $(VENV) ## Write what is made from the settings' models: schemas for editors, the reference
	@$(BIN)/python -m settings.schemas
	@$(BIN)/python -m docs.reference

.PHONY: lock
lock: $(VENV) ## Pin the newest allowed versions of all dependencies in requirements.lock
	@$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 \
	  --group local --group test pyproject.toml --output-file requirements.lock
	@$(UV) pip sync --quiet --python .venv requirements.lock

# uv stays outside the environment's own packages: a sync would take it out again.
UV := .venv/uv/bin/uv

# The mark is written last. Without it whatever lies there is half made, and made anew.
$(VENV): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3" >&2; exit 1; }
	@test -e $(VENV) || { echo "Making the Python environment (.venv)"; $(PYTHON) -m venv --clear .venv; }
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check --target .venv/uv uv
	@$(UV) pip sync --quiet --python .venv requirements.lock
	@touch $(VENV)
