# Every target is one line that calls `gradschool` or a well-known tool; `make help` lists them.
# The first target you run makes .venv and installs into it; later runs find it ready.
# To choose the interpreter: make grade PYTHON=/path/to/python3.12

BIN := .venv/bin
READY := .venv/.ready
PYTHON ?= python3 python3.13 python3.12 python3.11 python
.DEFAULT_GOAL := help
.PHONY: help grade test lab build check bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

grade: $(READY)  ## build the course, grade the bundled class, show the report
	@$(BIN)/gradschool demo

test: $(READY)  ## run every test
	@$(BIN)/python -m pytest -n 2

lab: $(READY)  ## open JupyterLab on your own copy of the first lesson
	@$(BIN)/gradschool lab

build: $(READY)  ## rebuild source/ and release/ from course/lessons and course/parts
	@$(BIN)/gradschool build

check: $(READY)  ## lint, check types, and see that nothing built is out of date
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/gradschool check

bench: $(READY)  ## time the engine beside NumPy, autograd, mygrad and torch
	@$(BIN)/python -m benchmarks

clean:  ## remove .venv and what tools left behind (never submissions, grades or students' work)
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamp is touched last, so an install that was interrupted is taken up again.
$(READY): pyproject.toml constraints.txt
	@found=; for python in $(PYTHON); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'make: no Python 3.11, 3.12 or 3.13 among: $(PYTHON)' >&2; \
	  echo 'Install one from https://www.python.org/downloads/ or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12' >&2; \
	  exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$found" --version) (minutes the first time: torch is large)" && \
	"$$found" -m venv .venv && \
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[author,test,bench]' && \
	touch $@
