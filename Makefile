# Two commands: `make run` starts Atlas, `make test` checks it. `make help` names the others.
PYTHON ?= python3
BIN := .venv/bin
WITH_SERVERS := $(BIN)/python -m tests.servers
TYPED := atlas_site/vendors $(wildcard */services.py */services */selectors.py */selectors)
MARKS := not faults$(if $(ATLAS_SKIP_BROWSER), and not browser)
# Without bytecode every process compiles what it imports: 8 of the 18 s in which pytest collects the suite.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: run test setup check check-with-servers format bench faults help

run: setup ## Start Atlas on this machine (ATLAS_PORT, ATLAS_HOME; Ctrl-C stops it)
	@$(BIN)/python manage.py dev

# Files are begun in their order: xdist's own puts those of few tests last, which are the slow ones.
test: ## Check everything: lint, contracts, types, migrations, the whole test suite
	@$(PYTHON) atlas_site/management/bootstrap.py --with-browser
	@$(MAKE) --no-print-directory check
	$(BIN)/pytest -m "$(MARKS)" -n 2 --dist loadfile --no-loadscope-reorder
	@test -z "$$ATLAS_SKIP_BROWSER" || echo "Browser tests were SKIPPED because ATLAS_SKIP_BROWSER is set."

setup: ## Make .venv, install the locked packages, fetch the front-end assets
	@$(PYTHON) atlas_site/management/bootstrap.py

check: setup ## Lint, import contracts, templates, types and missing migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/djade --check $$(git ls-files '*.html')
	@$(WITH_SERVERS) $(MAKE) --no-print-directory check-with-servers

format: setup ## Bring code and templates to their form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	-$(BIN)/djade $$(git ls-files '*.html')

check-with-servers:
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/mypy --follow-imports=silent $(TYPED)

bench: setup ## Time Atlas against PyMongo, the stock backend and PostgreSQL (keeps its data in ATLAS_HOME/bench)
	@$(WITH_SERVERS) $(BIN)/python manage.py bench --keep "$${ATLAS_HOME:-.atlas}/bench"

faults: setup ## The slow tests: faults, races and sizes in full, and what the suite tries a part of
	$(BIN)/pytest -m faults

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)
