# Needs Python 3.11 or newer and make; everything else is installed into .venv and node_modules.
PYTHON ?= python3
PORT ?= 8000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Chapters and tests run side by side: more threads than cores only get in each other's way.
export OPENBLAS_NUM_THREADS := 1
export TF_NUM_INTEROP_THREADS := 1
export TF_NUM_INTRAOP_THREADS := 1
NAME = training-deep-neural-networks
# What `make pdf` needs of Debian.
TEX = fonts-dejavu-extra fonts-texgyre fonts-texgyre-math latexmk librsvg2-bin poppler-utils \
	texlive-fonts-recommended texlive-latex-extra texlive-xetex
SPHINX = jupyter-book build . -W -n --keep-going --quiet

help:  ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

book: execute  ## execute the chapters and build the HTML book: _build/html
	$(SPHINX)

pdf: execute  ## build the book for print: _build/latex/training-deep-neural-networks.pdf
	@! command -v dpkg >/dev/null || dpkg -s $(TEX) >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] || sudo=$$(command -v sudo) || \
		{ echo "make pdf needs, as root: apt-get install --no-install-recommends $(TEX)" >&2; exit 1; }; \
		echo "installing TeX"; $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq --no-install-recommends $(TEX) >/dev/null; }
	$(SPHINX) --builder latex
	cd _build/latex && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0) \
		latexmk -norc -xelatex -silent -halt-on-error $(NAME).tex >/dev/null

site: book pdf zip  ## the book as it is published: pages, PDF, and a zip of both to read offline

zip:
	rm -f _build/html/$(NAME).zip
	cp _build/latex/$(NAME).pdf _build/html/
	cd _build && python -m zipfile -c $(NAME).zip html && mv $(NAME).zip html/

test: book check  ## check everything: code, book, notebooks, pages in a browser
	$(SPHINX) --builder custom --custom-builder notebook
	@if [ -n "$(CI)" ] || command -v latexmk rsvg-convert >/dev/null; then $(MAKE) pdf zip; fi
	pytest -n 2 --dist loadfile --doctest-modules lib extensions/badge.py tests
	JUPYTER_PATH=_build/colab/share/jupyter python tests/colab.py
	JUPYTER_PATH=_build/colab/share/jupyter pytest --nbval --nbval-kernel-name colab \
		--nbval-sanitize-with tests/nbval.cfg -p no:cacheprovider -n 2 --dist loadfile \
		--rootdir _build/colab _build/colab/notebooks

check: .venv/ready  # lint and types
	ruff format --check
	ruff check
	mypy

notebooks: execute  ## write notebooks/ anew from the chapters
	$(SPHINX) --builder custom --custom-builder notebook
	rm -f notebooks/*.ipynb
	cp _build/notebook/*.ipynb notebooks/
	python extensions/badge.py

serve: book  ## build the book and open it at http://localhost:8000 (PORT=… for another port)
	@(sleep 1; python -m webbrowser http://localhost:$(PORT)/ >/dev/null) &
	python -m http.server $(PORT) --bind localhost --directory _build/html

execute: .venv/ready node_modules/.package-lock.json
	python extensions/execute.py

links: execute  ## ask each link to another site whether it still leads somewhere
	jupyter-book build . --builder linkcheck

binder: .venv/ready  ## run all notebooks in a JupyterLab as Binder builds it
	python tests/binder.py

benchmark: book  ## time the ensemble, grading and the pages, on a quiet machine
	env -u TF_NUM_INTEROP_THREADS -u TF_NUM_INTRAOP_THREADS python benchmarks/ensemble.py
	python benchmarks/grading.py --class 200
	python benchmarks/pages.py

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

.PHONY: help book pdf site zip test check notebooks serve links binder benchmark execute lock clean
