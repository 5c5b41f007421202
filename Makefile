# make run     the whole thing on http://127.0.0.1:8000, with the demo city   (make run XUNAN_PORT=8123)
# make test    everything the tests need, then style, types and all tests     (make test ARGS="tests/visits -x")
# make bench   the measurements at full length, on a quiet machine
# make pictures  the screenshots of the README, anew
# make setup   only the environment                                           (make setup PYTHON=python3.12)

ifndef PYTHON
PYTHON := $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
PYTHON := $(or $(PYTHON),python3)
endif
BIN := .venv/bin

.PHONY: run test setup lint bench pictures
.DEFAULT_GOAL := run

run: python
	@$(PYTHON) -I backend/bootstrap.py run

setup: python
	@$(PYTHON) -I backend/bootstrap.py setup

test: python
	@$(PYTHON) -I backend/bootstrap.py test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -m "not slow" $(ARGS)

bench: python
	@$(PYTHON) -I backend/bootstrap.py test
	@XUNAN_BENCH=full $(BIN)/pytest -m bench -s $(ARGS)

pictures: python
	@$(PYTHON) -I backend/bootstrap.py test
	@$(BIN)/python -m tests.browser.pictures

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo '需要 Python 3.11 或更新版本 · Python 3.11 or newer is needed' >&2; exit 2; }
