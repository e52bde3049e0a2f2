# make demo: everything needed, then the app at a finished example.   make test: everything needed, then all tests.
# make up: the app.   make check: format, lint, types, the quick tests.
PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv

.PHONY: demo up test check lint clean

demo: .make/app
	$(VENV)/bin/graft demo

up: .make/app
	$(VENV)/bin/graft up

# Files in their order: the browser's tests, which last longest, begin.
test: .make/browser
	$(VENV)/bin/python -m pytest -n 4 --no-loadscope-reorder -q

# That all the others can be imported is seen in seconds, and is not left for their own run.
check: lint
	$(VENV)/bin/python -m pytest --collect-only -qqq
	$(VENV)/bin/python -m pytest -q tests/unit tests/test_architecture.py tests/test_docs.py

lint: .make/dev
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

# What was installed and what was found; the home (data/) stays.
clean:
	rm -rf .make $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Graft needs Python 3.11 or newer; name one that is: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.make/app: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install -q $(PIP_FLAGS) -e .
	mkdir -p .make && touch $@

.make/dev: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install -q $(PIP_FLAGS) -e '.[dev]'
	mkdir -p .make && touch $@ .make/app

# A browser for the tests that drive the app: the system's, else Debian's (as root), else Playwright's own.
# Without one those tests are skipped.
.make/browser: .make/dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	       && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	  || $(VENV)/bin/playwright install chromium \
	  || echo "No browser could be installed: the browser tests will be skipped."
	touch $@
