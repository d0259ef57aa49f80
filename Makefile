# Every target runs inside the environment that ./hotmesa sets up when it is missing.
# make test DOLFINX=0.11   runs the same on another DOLFINx (0.9 or 0.11), in a Debian tree of its own.
SHELL := /bin/bash
INSIDE := $(if $(DOLFINX),HOTMESA_DOLFINX=$(DOLFINX) )./hotmesa exec

.DEFAULT_GOAL := help
.PHONY: help setup lock test lint unit verification verify docs site results pictures paper bench clean

help:
	@echo 'make test          gates (ruff, mypy --strict, import-linter) and all tests; sets up what is missing'
	@echo 'make lint          the gates alone'
	@echo 'make unit          unit tests alone'
	@echo 'make verification  exact results and convergence rates alone'
	@echo 'make verify        all of them on three meshes, tabulated in docs/verification.md (some minutes)'
	@echo 'make docs          examples in the documentation and its links'
	@echo 'make site          the documentation as pages with search, in out/site (index.html)'
	@echo 'make results       the tables of docs/results.md, from what is declared beside columns and numbers'
	@echo 'make pictures      runs what README and guide show, and makes their pictures'
	@echo 'make paper         every number and picture of docs/kurter2010.md (a quarter of an hour on two cores)'
	@echo 'make bench         benchmarks; tables on the screen, JSON in out/benchmarks, docs/benchmarks.md'
	@echo 'make setup         set up only, looking again for the best route'
	@echo 'make lock          the versions and hashes of setup/requirements.lock anew, with uv'
	@echo 'make clean         remove what the tools left in the clone'

setup:
	$(if $(DOLFINX),HOTMESA_DOLFINX=$(DOLFINX) )./hotmesa setup

lock:
	setup/make_lock.sh

lint:
	$(INSIDE) ruff check .
	$(INSIDE) python -m mypy
	$(INSIDE) env PYTHONPATH=.typing lint-imports --no-cache

test: lint
	@$(if $(DOLFINX),HOTMESA_DOLFINX=$(DOLFINX) )./hotmesa setup browser || true
	$(INSIDE) python -m pytest tests -n 2 --dist worksteal

unit:
	$(INSIDE) python -m pytest tests/unit

verification:
	$(INSIDE) python -m pytest tests/verification

verify:
	$(INSIDE) env PYTHONPATH=tests python -m verification.report

docs:
	$(INSIDE) python -m pytest tests/test_house.py -k docs

site:
	$(INSIDE) python -m sphinx -q -W --keep-going -j auto docs out/site

results:
	$(INSIDE) env PYTHONPATH=tests python -m helpers.results_page

pictures:
	$(INSIDE) env PYTHONPATH=tests python -m validation.pictures

paper:
	$(INSIDE) env PYTHONPATH=tests python -m validation.kurter2010

bench:
	@mkdir -p out/benchmarks
	@set -e; for file in benchmarks/bench_*.py; do \
	  test -e "$$file" || { echo 'no benchmarks here'; break; }; \
	  $(INSIDE) python "$$file" --json "out/benchmarks/$$(basename "$$file" .py).json"; \
	done
	@$(INSIDE) python benchmarks/make_page.py

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
