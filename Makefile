# Two commands do everything on a fresh machine with Python 3.11 or newer:
#   make run     set up, simulate a plant day, run it through the shipped items, show the result
#   make test    set up, prove it
RUNTIME ?= 2.0
VENV    := .venv-$(RUNTIME)
BIN     := $(VENV)/bin
READY   := $(VENV)/ready
TESTS   ?= tests src
WORKERS ?= 2
ARGS    ?=

# Compiled modules and rewritten tests are kept even where a machine says not to: every process would make them again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-fast check format doctor wheel bench bench-families mutants clean help

run: $(READY) ## the plant day, end to end: ARGS="--days 2 --seed 9" to change it
	@$(BIN)/fabric-ot run $(ARGS)

test: $(READY) ## every test of one runtime: RUNTIME=1.3 for the second, TESTS=path for a part
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not spark and not slow" $(TESTS)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "spark or slow" $(TESTS)

test-fast: $(READY) ## only the tests that need no JVM
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not spark and not slow" $(TESTS)

check: .venv-2.0/ready ## format, lint, types, import rules, the repository's own items
	.venv-2.0/bin/ruff format --check src tests benchmarks mutants setup.py set_up.py
	.venv-2.0/bin/ruff check src tests benchmarks mutants setup.py set_up.py
	.venv-2.0/bin/mypy
	.venv-2.0/bin/lint-imports
	.venv-2.0/bin/fabric-ot check

format: .venv-2.0/ready ## write the format that check asks for
	.venv-2.0/bin/ruff check --fix src tests benchmarks mutants setup.py set_up.py
	.venv-2.0/bin/ruff format src tests benchmarks mutants setup.py set_up.py

doctor: $(READY) ## what is there, what is missing and what to type
	@$(BIN)/fabric-ot doctor

wheel: $(READY) ## the wheel in dist/
	$(BIN)/python -m build --wheel

bench: $(READY) ## rows per second and CPU seconds of bronze -> silver -> gold
	$(BIN)/python -m benchmarks.plant_day $(ARGS)

bench-families: $(READY) ## each transform family against the naive way to write it: ARGS="0.1 1 --only spc"
	$(BIN)/python -m benchmarks.families $(ARGS)

mutants: $(READY) ## whether the tests notice small wrong changes: ARGS="--sample 20 --only transforms/signals"
	$(BIN)/python -m pip install --quiet "cosmic-ray==8.7.0"
	$(BIN)/python mutants/run.py $(ARGS)

.venv-%/ready: setup.py set_up.py constraints/fabric-%.txt
	@python3 set_up.py $*

clean: ## forget everything that was made (the user cache of jars stays)
	rm -rf .venv-* .onelake build dist

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
