# Everything that a visitor or a contributor runs. Needs Python 3.10 or newer and nothing else:
# each target installs what it uses into .venv, from the pinned files in .requirements.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Where `make pulumi` puts the CLI. A CLI that was built is used before one on PATH.
TOOLS := $(CURDIR)/.tools/bin

# Every run starts many processes, and uncompiled each of them takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install format lint types test pulumi test-pulumi record coverage docs examples sandbox demo \
	bench soak requirements clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

install: .venv/development.stamp ## Install the package (editable) and all tools into .venv

format: install ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lint: install ## Check format, rules, layers and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory types

types: install ## Check types: mypy on everything, pyright on the public API
	$(BIN)/mypy provider tests docs/conf.py docs/generator
	for folder in $(sort $(dir $(wildcard examples/*/*.py examples/*/*/*.py tests/offline/programs/*/*.py))); do \
		MYPYPATH=$$folder $(BIN)/mypy $$folder*.py || exit; \
	done
	$(BIN)/pyright --pythonpath $(BIN)/python

test: install ## Run all tests on the offline engine; ARGS="-k budgets" for some
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not cli" $(ARGS)

pulumi: ## Build the Pulumi CLI into .tools/bin, unless one is on PATH (needs Go)
	@tests/pulumi/build

test-pulumi: install pulumi .venv/policy.stamp ## Run whole programs on the Pulumi CLI
	PATH="$(TOOLS):$$PATH" $(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m cli $(ARGS)

record: install pulumi ## Record anew what the Pulumi CLI does, for the offline engine to follow
	PATH="$(TOOLS):$$PATH" $(BIN)/python -m pytest tests/offline/test_scenarios.py \
		-k real_engine --record --numprocesses 2 $(ARGS)

# Random lives are left out, for the figure to be the same in each run.
coverage: install ## Measure how much of the core runs in the tests that start no other process
	$(BIN)/coverage run -m pytest tests/unit tests/lifecycle tests/contract tests/faults \
		tests/programs/test_constructors.py --ignore tests/faults/test_kills.py \
		--ignore tests/faults/test_whole_programs.py --ignore tests/faults/test_stateful.py \
		-m "not cli" $(ARGS)
	@$(BIN)/coverage report
	@for room in resources lifecycle api; do printf '%-10s ' $$room; \
		$(BIN)/coverage report --include "*/$$room/*" --format total --precision 1; done

docs: install ## Write the reference pages anew and build the site into docs/_build (needs Python 3.11 or newer)
	PYTHONPATH=docs $(BIN)/python -m generator
	$(BIN)/sphinx-build --builder html --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build
	@echo "Open docs/_build/index.html"

examples: install .venv/policy.stamp ## Run every example from nothing to nothing
	$(BIN)/python -m pytest tests/programs/test_example*.py $(ARGS)

sandbox: .venv/package.stamp ## Serve OpenRouter's Workspaces API on this machine
	$(BIN)/pulumi-openrouter sandbox $(ARGS)

demo: .venv/package.stamp ## See it work: three environments, drift, repair, budgets, destroy, import
	@PATH="$$PATH:$(TOOLS)" PYTHONPATH=tests $(BIN)/python -m demo $(ARGS)

bench: install ## Measure requests and time, and write tests/bench/RESULTS.md
	PATH="$(TOOLS):$$PATH" PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

soak: install pulumi ## Run thousands of random programs, changes and faults, for hours
	PATH="$(TOOLS):$$PATH" $(BIN)/python -m pytest tests/faults/test_stateful.py \
		tests/faults/test_real_lives.py --soak $(ARGS)

# The only target that needs uv.
COMPILE := uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make requirements" pyproject.toml --extra sandbox
POLICY_PACK := examples/10-policy-pack/policy
requirements: ## Pin what pyproject.toml asks for
	$(COMPILE) --group build --output-file .requirements/package.txt $(ARGS)
	$(COMPILE) --group dev --constraint .requirements/package.txt \
		--output-file .requirements/development.txt $(ARGS)
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make requirements" $(POLICY_PACK)/requirements.txt \
		--output-file .requirements/policy.txt $(ARGS)

clean: ## Remove .venv and what tools have left; the state of stacks stays
	rm -rf .venv build dist docs/_build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define INSTALL
@echo "Installing what $< pins into .venv"
@$(BIN)/python -m pip install --quiet --require-hashes --requirement $<
@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
@touch $@
endef

.venv/package.stamp: .requirements/package.txt pyproject.toml | $(BIN)/pip
	$(INSTALL)

# All that package.stamp stands for is in here too.
.venv/development.stamp: .requirements/development.txt pyproject.toml | $(BIN)/pip
	$(INSTALL)
	@touch .venv/package.stamp

# A policy pack runs in an environment of its own: pulumi-policy requires an older protobuf.
.venv/policy.stamp: .requirements/policy.txt | $(BIN)/pip
	@$(BIN)/python -m venv .venv/policy
	@.venv/policy/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "error: this needs Python 3.10 or newer, and $(PYTHON) is not;" \
			"name one, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
