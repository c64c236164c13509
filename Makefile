# Everything is installed into a virtual environment in this folder, .venv. Each target makes it, or adds to it what the
# target needs and it does not have yet.

.DEFAULT_GOAL := help
.PHONY: help setup demo test random-lakes verify-aws lint bench bench-large format pictures docs/architecture.svg docs/demo.svg \
	docs/report.png columns behaviours lock clean

PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
export SAM_CLI_TELEMETRY := 0
# Python keeps what it compiles. Where a person's setting forbids that, each process compiles all packages again.
export PYTHONDONTWRITEBYTECODE :=

GROUPS := transform generator demo test pictures lint
# aws-sam-cli depends on cfn-lint, but only `sam validate --lint` uses it. The four packages take 75 MB.
NOT_IN_DEMO := cfn-lint mpmath networkx sympy
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"
# The requirements files name every package, so the installer need not look for dependencies.
INSTALL := python src/install.py uv --quiet --no-compile --no-deps
LAKES ?= 10000
# Other lakes each time.
FIRST_LAKE ?= $(shell date +%s)

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf 'make %-12s %s\n' "$$name" "$$text"; done

setup: .venv/installed .venv/chromium ## install everything into .venv, and a Chromium if there is none

demo: .venv/installed-demo ## run the whole pipeline once on this machine, from orders to a query
	sales demo

test: setup lint ## run make lint, then every test
	pytest --numprocesses 3

verify-aws: .venv/installed ## check on AWS what the pipeline relies on: make verify-aws PROFILE=… REGION=…
	@python -m verify_aws --profile "$(PROFILE)" --region "$(REGION)" $(if $(NAME),--name "$(NAME)") \
		$(if $(filter-out 0,$(KEEP)),--keep) $(if $(filter-out 0,$(YES)),--yes)

random-lakes: .venv/installed ## compare sales reconcile with the tables' SQL on 10,000 random lakes: takes three minutes
	LAKES=$(LAKES) FIRST_LAKE=$(FIRST_LAKE) pytest --numprocesses 3 tests/unit/sales_pipeline/reconcile/lakes

lint: .venv/installed ## check the style, the types and the template
	ruff check .
	ruff format --check .
	mypy
	cfn-lint
	sam validate --lint

bench: .venv/installed-bench ## measure the functions and their alternatives: rewrites benchmarks/RESULTS.md
	python -m benchmarks

bench-large: .venv/installed ## measure sales reconcile on a million orders: takes 15 minutes, 4 GiB
	python -m benchmarks.large

format: .venv/installed ## put the code into the standard format
	ruff format .
	ruff check --fix .

pictures: docs/architecture.svg docs/demo.svg docs/report.png ## make the pictures of the README again: runs the demo once

docs/architecture.svg:
	"$(PYTHON)" docs/pictures/architecture.py

docs/demo.svg: .venv/installed
	python docs/pictures/demo.py

docs/report.png: .venv/chromium
	python -m tests.e2e.report.picture

columns: ## write into the template and the docs what follows from src/transform/columns.py
	PYTHONPATH=src "$(PYTHON)" -m columns

behaviours: .venv/installed ## write docs/aws-behaviours.md from src/verify_aws/behaviours.toml
	python -m verify_aws.page

lock: .venv/installed ## pin the newest versions that pyproject.toml allows
	$(COMPILE) --group uv --output-file requirements-uv.txt
	$(COMPILE) pyproject.toml $(GROUPS:%=--group %) --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --group demo $(NOT_IN_DEMO:%=--no-emit-package %) --constraints requirements-dev.txt \
		--output-file requirements-demo.txt
	$(COMPILE) --group transform --constraints requirements-dev.txt --output-file src/transform/requirements.txt
	$(COMPILE) --group generator --constraints requirements-dev.txt --output-file src/generator/requirements.txt
	$(COMPILE) --group bench --constraints requirements-dev.txt --output-file requirements-bench.txt

clean: ## delete .venv, builds, caches, and the local pipeline's files
	@if [ -e .local/.made-by-sales ]; then rm -rf .local; \
	elif [ -e .local ]; then echo '.local stays, because it has no mark of `sales`.' \
		'If an earlier version made it, delete it once: rm -r .local' >&2; fi
	rm -rf .venv .aws-sam .hypothesis .mypy_cache .pytest_cache .ruff_cache build src/*.egg-info

# A new .venv. Every change of the requirements starts from here, so no old package stays.
.venv/made: $(wildcard requirements-*.txt) pyproject.toml src/install.py
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed. Install it, or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	@$(INSTALL) --only-binary :all: --requirement requirements-uv.txt 2>/dev/null || \
		echo "uv can't be installed on this machine. pip installs instead, which takes about a minute." >&2
	@touch $@

.venv/installed-demo: .venv/made
	$(INSTALL) --requirement requirements-demo.txt --editable .
	@touch $@

.venv/installed: .venv/installed-demo
	$(INSTALL) --requirement requirements-dev.txt
	@touch $@

# Only the browser tests need it. A failure leaves no file, so the next run looks again.
.venv/chromium: .venv/installed
	@python -m tests.chromium $@

.venv/installed-bench: .venv/installed
	$(INSTALL) --requirement requirements-bench.txt
	@touch $@
