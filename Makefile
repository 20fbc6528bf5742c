# Everything from a fresh machine with Python 3.11 or newer, make and a network.

.DEFAULT_GOAL := run
.PHONY: run test lint screenshots train train-encoder evaluate learning bench-accept bench-moderate bench-checks bench-queue bench-queue-pages bench-perspective lock clean browser

VENV := .venv
BIN := $(VENV)/bin
LOCKS := config/requirements
# What an option needs that most do without; the tests need all of it.
EXTRAS := otel sentry
# The labelled data, which are not part of this repository.
DATA ?= ../shared/data
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	echo $$each && break; done)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11
HERE := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--no-deps --no-build-isolation --editable .

run: $(VENV)/installed-run
	@exec $(BIN)/ecluse up

# Where none are written, each of the hundred processes compiles the whole service anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/installed-dev browser
	@$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

# The linear model, taught by the encoder too; then the two fitted to each other.
train: $(VENV)/installed-train
	mkdir -p training/out
	$(BIN)/python -m training.soft --data $(DATA) --out training/out/soft.jsonl
	$(BIN)/python -m training.train --data $(DATA) --soft training/out/soft.jsonl \
		--out service/moderation/models
	$(BIN)/python -m training.encoder.refit --data $(DATA)

train-encoder: $(VENV)/installed-train
	$(BIN)/python -m training.encoder.train --data $(DATA) \
		--out service/moderation/models/encoder

evaluate: $(VENV)/installed-peers
	$(BIN)/python -m training.evaluate --data $(DATA) --card service/moderation/models/MODEL_CARD.md

learning: $(VENV)/installed-train
	$(BIN)/python -m training.learning --data $(DATA)

bench-accept: $(VENV)/installed-bench
	$(BIN)/python -m bench.accept

bench-moderate: $(VENV)/installed-bench
	$(BIN)/python -m bench.moderate

bench-checks: $(VENV)/installed-peers
	$(BIN)/python -m bench.checks --data $(DATA)

bench-queue: $(VENV)/installed-run
	$(BIN)/python -m bench.queue

bench-perspective: $(VENV)/installed-run
	$(BIN)/python -m bench.perspective

bench-queue-pages: $(VENV)/installed-dev browser
	$(BIN)/python -m bench.queue_pages
	$(BIN)/python -m bench.queue_pages --keys

screenshots: $(VENV)/installed-dev browser
	$(BIN)/python -m tests.browser.screenshots

lock: $(VENV)/installed-dev
	$(COMPILE) pyproject.toml -o $(LOCKS)/runtime.txt
	$(COMPILE) pyproject.toml $(EXTRAS:%=--extra %) --group dev -c $(LOCKS)/runtime.txt \
		-o $(LOCKS)/dev.txt
	for each in $(EXTRAS); do \
		$(COMPILE) pyproject.toml --extra $$each -c $(LOCKS)/dev.txt -o $(LOCKS)/$$each.txt; \
	done
	for each in train bench peers; do \
		$(COMPILE) pyproject.toml --group $$each -c $(LOCKS)/runtime.txt -o $(LOCKS)/$$each.txt; \
	done
	$(COMPILE) --group build -c $(LOCKS)/dev.txt -o $(LOCKS)/build.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist

# The virtual environment, and a stamp for each set of packages in it. A stamp is newer
# than its lock file as long as nothing has to be installed.

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/installed-run: $(LOCKS)/runtime.txt $(LOCKS)/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) …"
	@$(INSTALL) -r $(LOCKS)/runtime.txt -r $(LOCKS)/build.txt
	@$(HERE)
	@touch $@

$(VENV)/installed-%: $(LOCKS)/%.txt $(LOCKS)/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) …"
	@$(INSTALL) -r $(LOCKS)/$*.txt -r $(LOCKS)/build.txt
	@$(HERE)
	@touch $@

# The tests of the pages drive a real browser.
browser:
	@test -x /usr/bin/chromium || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || { \
		echo "The tests need /usr/bin/chromium; on Debian: apt-get install chromium" >&2; exit 1; }
