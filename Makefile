# The project's commands; each is a script in bin/ or one line here.

HOST ?= 127.0.0.1
PORT ?= 8000
SITE ?= site

.PHONY: serve test faults check conformance bench locks format

serve:  ## Set everything up and serve ./site (made from the starter content if there is none).
	@bin/environment core
	@HOST=$(HOST) PORT=$(PORT) .venv/bin/parlour serve $(SITE)

test:  ## Set everything up and run all tests.
	@bin/environment test
	@bin/test

faults:  ## Break everything that can break, many times; about 50 minutes.
	@bin/environment test
	@.venv/bin/python -m tests.faults

check:  ## Formatting, types, layers, starter content.
	@bin/environment test
	@bin/check

conformance:  ## Hold our sockets against the whole public suite, and break the line at every byte.
	@bin/environment test
	@THOROUGH=1 .venv/bin/pytest -q tests/web/road/test_conformance.py tests/faults

bench:  ## Time the hot paths against a bare reference in the same run.
	@bin/environment test
	@.venv/bin/python -m bench

format:  ## Put the code into its form.
	@bin/environment test
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .

locks:  ## Resolve the newest versions that setup.cfg allows.
	@bin/environment test
	@bin/locks
