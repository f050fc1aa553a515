# `make demo` and `make test` do all the set-up on a fresh Linux x86 machine
# with Python 3.11; nothing is compiled.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
REQUIREMENTS := $(wildcard requirements/*.txt)
SOURCES := mmrobust tools tests projects configs docs setup.py
FAST := -n 2 --dist worksteal -m 'not slow and not real'
# What `make fast` runs, and options of pytest.
TESTS ?= tests
# Kernels round differently by processor and by number of threads: an older one.
PROCESSOR ?= ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 OMP_NUM_THREADS=2

.PHONY: help env demo test fast portable lint docs clean

help:
	@echo 'make demo      attack a small recogniser, and make its robustness card'
	@echo 'make test      lint, types, documentation and all tests'
	@echo 'make fast      the fast tests only'
	@echo 'make portable  those that compare runs, as on an older processor'
	@echo 'make lint      ruff and mypy'
	@echo 'make docs      build the documentation'

$(VENV)/.installed: $(REQUIREMENTS) pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements/build.txt
	$(PIP) install -r requirements/runtime.txt -r requirements/action.txt \
		-r requirements/pose.txt -r requirements/dev.txt -r requirements/docs.txt
	$(PIP) install --no-deps -r requirements/no_deps.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

env: $(VENV)/.installed

demo: env
	$(BIN)/python tools/attack.py configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py \
		mmrobust/resources/demo_victim.pth --attack configs/_base_/attacks/pgd_linf.py \
		--work-dir work_dirs/demo --save-adv work_dirs/demo/adversarial \
		--cfg-options attack.threat.eps=4
	$(BIN)/python tools/robustness.py configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py \
		mmrobust/resources/demo_victim.pth --quick --max-samples 10 \
		--work-dir work_dirs/demo_card

test: lint docs portable
	$(BIN)/python -m pytest tests -n 2 --dist worksteal

fast: env
	$(BIN)/python -m pytest $(TESTS) $(FAST)

portable: env
	$(PROCESSOR) $(BIN)/python -m pytest tests/attacks tests/pose tests/query $(FAST) \
		-k 'batch or alone or singles'

lint: env
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy mmrobust tools projects/*/*.py

docs: env
	$(BIN)/python -m sphinx -q -W --keep-going -E -j auto -b html docs docs/_build/html

clean:
	rm -rf $(VENV) build dist *.egg-info
