# make test: everything needed, a browser included, then all tests.   make up: the app.
PYTHON ?= python3
VENV := .venv

.PHONY: test lint up
test: .make/browser
	$(VENV)/bin/python -m pytest -n 2 -q

lint: .make/installed
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

up: .make/installed
	$(VENV)/bin/python -m app.server

.make/installed: pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -e '.[dev]'
	mkdir -p .make && touch $@

# A browser for the tests that drive the app: the system's, else Playwright's own, else those tests are skipped.
.make/browser: .make/installed
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || $(VENV)/bin/playwright install chromium \
	  || echo "No browser could be installed: the browser tests will be skipped."
	touch $@
