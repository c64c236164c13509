# Everything happens in a virtual environment of its own, .venv, which every target makes when it has to.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench bench-large format picture lock clean

PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
export SAM_CLI_TELEMETRY := 0

GROUPS := transform generator sam local test lint lock
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|'

setup: .venv/installed ## make the virtual environment with everything in it

demo: setup ## run the whole pipeline on this machine, to a query's answer
	sales demo

test: setup lint ## lint, then run every test
	pytest --numprocesses 3

lint: setup ## check style, types and the template
	ruff check .
	ruff format --check .
	mypy
	cfn-lint
	sam validate --lint

bench: .venv/installed-bench ## measure beside what one would use instead, and rewrite benchmarks/RESULTS.md
	python -m benchmarks

bench-large: setup ## measure sales reconcile on a million orders: a quarter of an hour, 4 GiB
	python -m benchmarks.large

format: setup ## put the code into its standard form
	ruff format .
	ruff check --fix .

picture: ## draw docs/architecture.svg from docs/architecture.toml
	"$(PYTHON)" docs/picture.py

lock: setup ## pin the newest versions that pyproject.toml allows
	$(COMPILE) pyproject.toml $(GROUPS:%=--group %) --output-file requirements-dev.txt
	$(COMPILE) --group transform --constraints requirements-dev.txt --output-file src/transform/requirements.txt
	$(COMPILE) --group generator --constraints requirements-dev.txt --output-file src/generator/requirements.txt
	$(COMPILE) --group bench --constraints requirements-dev.txt --output-file requirements-bench.txt

clean: ## remove what the other targets made
	rm -rf .venv .aws-sam .local

.venv/installed: requirements-dev.txt pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed. Install it, or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	pip --disable-pip-version-check install --quiet --requirement requirements-dev.txt
	pip --disable-pip-version-check install --quiet --no-deps --editable .
	touch $@

.venv/installed-bench: .venv/installed requirements-bench.txt
	pip --disable-pip-version-check install --quiet --requirement requirements-bench.txt
	touch $@
