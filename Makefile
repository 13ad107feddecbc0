# Two commands matter: `make lab` and `make test`. Each does its own set-up in .venv; a second call installs nothing.
# `make help` lists the rest. WHEELS=dir installs offline from what `make wheelhouse` packed; PYTHON=path picks a Python.

VENV    ?= .venv
PYTHON  ?=
WHEELS  ?=
WORKERS ?= 2
# a file that keeps the seconds of `make test`, for README: make test TIMINGS=docs/timings.json
TIMINGS ?=
PY      := $(VENV)/bin/python
STAMP   := $(VENV)/.installed
FIRST   := notebooks/00_start_here.ipynb
OFFLINE := env HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# tests/test_notebooks_guard.py reads this line and proves that a broken notebook fails under it
NBVAL   := --nbval-lax --nbval-current-env --nbval-cell-timeout 300 -p no:xdist

.NOTPARALLEL:
.PHONY: help lab install test lint types unit notebooks browser test-full unit-full test-lowest \
	artefacts artefacts-check ladder notebooks-refresh wheelhouse clean clean-venv

help:            ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

# --- what everybody needs

lab: $(STAMP)    ## set up once, then open JupyterLab on the first notebook
	@browser=; root=; \
	if [ "$$(uname -s)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		browser=--no-browser; \
		echo "No display here: open the address that JupyterLab prints below, with its token, in a browser:"; \
		echo "    http://localhost:8888/lab/tree/$(FIRST)?token=..."; \
	fi; \
	if [ "$$(id -u)" = 0 ]; then root=--allow-root; fi; \
	exec $(PY) -m jupyterlab --LabApp.default_url=/lab/tree/$(FIRST) $$browser $$root

install: $(STAMP) ## only the set-up

$(STAMP): pyproject.toml
	@VENV='$(VENV)' PYTHON='$(PYTHON)' WHEELS='$(WHEELS)' bash tools/setup.sh

test:            ## everything a change must pass, 20 minutes at most on 2 cores
	@TIMINGS='$(TIMINGS)' bash tools/stages.sh install lint types unit notebooks browser

# --- its stages, one by one

lint: $(STAMP)   ## ruff
	@$(PY) -m ruff check .

types: $(STAMP)  ## mypy over the package
	@$(PY) -m mypy

unit: $(STAMP)   ## unit tests
	@$(OFFLINE) OMP_NUM_THREADS=1 $(PY) -m pytest tests -n $(WORKERS) --dist loadfile

notebooks: $(STAMP) ## every notebook, run from top to bottom
	@$(OFFLINE) $(PY) -m pytest $(NBVAL) --junitxml=out/notebooks.xml notebooks

browser: $(STAMP) ## JupyterLab driven in Chromium
	@$(OFFLINE) OMP_NUM_THREADS=1 $(PY) -m pytest -m browser -n $(WORKERS) --dist loadgroup --junitxml=out/browser.xml tests/browser

# --- what takes longer

test-full:       ## the same, with the slow tests, many hypothesis examples, whole pages as pictures and the lowest versions
	@LAB_PICTURES=1 bash tools/stages.sh install lint types unit-full notebooks browser test-lowest

unit-full: $(STAMP)
	@$(OFFLINE) OMP_NUM_THREADS=$(WORKERS) HYPOTHESIS_PROFILE=full $(PY) -m pytest tests -m 'not browser'

test-lowest: $(STAMP) ## unit tests in a second environment that holds every lower bound of pyproject.toml
	@$(PY) tools/lowest.py > $(VENV)/lowest.txt
	@TORCH=$$(sed -n 's/^torch==//p' $(VENV)/lowest.txt) CONSTRAINTS=$(VENV)/lowest.txt VENV=.venv-lowest \
		PYTHON=$(PY) bash tools/setup.sh
	@$(OFFLINE) OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest tests -n $(WORKERS) --dist loadfile

# --- what is generated

artefacts: $(STAMP) ## build the shipped vectors, students and recordings again
	@$(PY) data/artefacts/make.py

artefacts-check: $(STAMP) ## are the shipped ones those the code would build?
	@$(PY) data/artefacts/make.py --check

ladder: $(STAMP) ## the paper's ablation on both collections; resumable, hours: it says how many first
	@$(OFFLINE) PYTHONPATH=. $(PY) benchmarks/ladder.py

notebooks-refresh: $(STAMP) ## execute the notebooks and store their outputs
	@$(PY) notebooks/refresh.py

wheelhouse: $(STAMP) ## pack every wheel into ./wheelhouse, for a classroom on one Wi-Fi
	@PY='$(PY)' bash tools/wheelhouse.sh

clean:           ## remove caches and packed wheels
	rm -rf wheelhouse wheelhouse.part build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./.git -prune -o -path './.venv*' -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -exec rm -rf {} +

clean-venv:      ## remove the environments: the next make sets up from nothing
	rm -rf $(VENV) .venv-lowest
