# Needs Python 3.11 or newer and make; everything else is installed into .venv and node_modules.
PYTHON ?= python3
PORT ?= 8000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Chapters run side by side: more BLAS threads than cores only get in each other's way.
export OPENBLAS_NUM_THREADS := 1
SPHINX = jupyter-book build . -W -n --keep-going --quiet

help:  ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

book: execute  ## execute the chapters and build the HTML book: _build/html
	$(SPHINX)

test: book check  ## check everything: code, book, notebooks, pages in a browser
	$(SPHINX) --builder custom --custom-builder notebook
	pytest --doctest-modules lib tests
	pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg \
		-p no:cacheprovider -n 2 --dist loadfile notebooks

check: .venv/ready  # lint and types
	ruff format --check
	ruff check
	mypy

notebooks: execute  ## write notebooks/ anew from the chapters
	$(SPHINX) --builder custom --custom-builder notebook
	rm -f notebooks/*.ipynb
	cp _build/notebook/*.ipynb notebooks/

serve: book  ## build the book and open it at http://localhost:8000 (PORT=… for another port)
	@(sleep 1; python -m webbrowser http://localhost:$(PORT)/ >/dev/null) &
	python -m http.server $(PORT) --bind localhost --directory _build/html

execute: .venv/ready node_modules/.package-lock.json
	python extensions/execute.py

benchmark: .venv/ready  ## time the ensemble against Keras' own fit, on a quiet machine
	python benchmarks/ensemble.py

lock: .venv/ready  ## write requirements.txt anew from pyproject.toml
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.txt

clean:  ## remove what was built, but not what was installed
	rm -rf _build

.venv/ready: requirements.txt pyproject.toml
	@echo "setting up .venv"
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	uv pip install --quiet --compile-bytecode --requirement requirements.txt
	uv pip install --quiet --no-deps --editable .
	touch $@

node_modules/.package-lock.json: package-lock.json .venv/ready
	npm ci --silent

.PHONY: help book test check notebooks serve benchmark execute lock clean
