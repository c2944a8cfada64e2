# Every command of the project. `make` alone lists them.
# The work is done in greenportal/devtools; this file only names it.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv/bin/python
DEVTOOLS := $(VENV) -m greenportal.devtools
CLOCK ?= demo
STAGE ?=
.DEFAULT_GOAL := help
.PHONY: help run test check slow e2e battery bench fonts stop clean packet logs install install-test lock python

help: ## list these commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv; \
	  else echo 'Python 3.11 or newer is missing. Install it with: sudo apt-get install -y python3 python3-venv' >&2; exit 1; fi; }

install: python ## install what `make run` needs (system packages, .venv)
	@$(PYTHON) greenportal/devtools/bootstrap.py run

install-test: python ## install what `make test` needs as well (chromium, poppler-utils)
	@$(PYTHON) greenportal/devtools/bootstrap.py test

run: install ## start the portal with demonstration data; Ctrl-C stops everything (CLOCK=demo|reset|real, STAGE=opened|collecting|submitted|corrected, PORT=8000)
	@CLOCK=$(CLOCK) STAGE=$(STAGE) $(DEVTOOLS) run

test: install-test ## everything that must hold before a change lands: lint, types, contracts, all tests but the slow ones
	@$(DEVTOOLS) test

check: install ## the fast part: lint, types, contracts, unit tests
	@$(DEVTOOLS) check

slow: install-test ## the tests that take minutes: the whole demonstration, the battery's texts, files and traffic
	@$(DEVTOOLS) slow

e2e: install-test ## the browser tests alone
	@$(DEVTOOLS) e2e

battery: install-test ## the whole battery of faults and bad input; result in .local/battery
	@$(DEVTOOLS) battery

bench: install ## measure against the bare libraries; table and .local/bench/results.json
	@$(DEVTOOLS) bench

fonts: install ## fetch the GPL-licensed 仿宋 and 楷体 into .local/fonts (never shipped)
	@$(DEVTOOLS) fonts

packet: install ## build the packet of list ID again in the running portal's database: make packet ID=1
	@$(DEVTOOLS) packet $(ID)

logs: ## follow the logs of a running `make run`
	@tail -n 20 -F .local/log/*.log

stop: ## stop a running `make run`
	@if [ -x $(VENV) ]; then $(DEVTOOLS) stop; fi

clean: stop ## remove data, logs and environment of this checkout (asks nothing)
	@if [ -x $(VENV) ]; then $(DEVTOOLS) clean; fi
	@rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis

lock: install ## resolve requirements/*.in again into the hashed files
	@$(DEVTOOLS) lock
