# `make demo` and `make test` do all the set-up on a fresh Linux x86 machine
# with Python 3.11; nothing is compiled.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
REQUIREMENTS := $(wildcard requirements/*.txt)

.PHONY: help env demo test fast lint docs clean

help:
	@echo 'make demo   attack a small recogniser on the embedded videos'
	@echo 'make test   lint, types and all tests'
	@echo 'make fast   the fast tests only'
	@echo 'make lint   ruff and mypy'
	@echo 'make docs   build the documentation'

$(VENV)/.installed: $(REQUIREMENTS) setup.py
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements/build.txt
	$(PIP) install -r requirements/runtime.txt -r requirements/action.txt \
		-r requirements/pose.txt -r requirements/dev.txt
	$(PIP) install --no-deps -r requirements/no_deps.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

env: $(VENV)/.installed

demo: env
	$(BIN)/python tools/attack.py configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py \
		mmrobust/resources/demo_victim.pth --attack configs/_base_/attacks/pgd_linf.py \
		--work-dir work_dirs/demo --save-adv work_dirs/demo/adversarial \
		--cfg-options attack.threat.eps=4

test: lint
	$(BIN)/python -m pytest tests -n 2

fast: env
	$(BIN)/python -m pytest tests -n 2 -m 'not slow and not real'

lint: env
	$(BIN)/ruff check mmrobust tools tests projects configs docs setup.py
	$(BIN)/ruff format --check mmrobust tools tests projects configs docs setup.py
	$(BIN)/mypy mmrobust tools projects/*/*.py

docs: env
	$(PIP) install -r requirements/docs.txt
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

clean:
	rm -rf $(VENV) build dist *.egg-info
