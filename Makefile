# Needs Python 3.11 to 3.13 and make; tools/setup.sh brings everything else.
# A Mac's make 3.81 looks for commands in the exported PATH only through env.
SHELL := /usr/bin/env bash
PORT ?= 8000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHON ALL
unexport PYTHONPATH
# Chapters and tests run side by side: more threads than cores only get in each other's way.
export OPENBLAS_NUM_THREADS := 1
export TF_NUM_INTEROP_THREADS := 1
export TF_NUM_INTRAOP_THREADS := 1
NAME = training-deep-neural-networks
COMMITTED = $$(git log -1 --format=%ct 2>/dev/null || echo 0)
.NOTPARALLEL:

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-11s %s\n", $$1, $$2}' Makefile

book: execute  ## execute the chapters and build the HTML book: _build/html
	@echo "writing the pages"
	@python -m tools.book html
	@echo "_build/html/index.html"

pdf:  ## build the book for print: _build/latex/training-deep-neural-networks.pdf
	@tools/setup.sh pdf
	@python -m tools.execute
	@python -m tools.book latex
	@cd _build/latex && SOURCE_DATE_EPOCH=$(COMMITTED) \
		latexmk -norc -xelatex -silent -halt-on-error $(NAME).tex >/dev/null

epub: execute  ## build the book for e-readers: _build/epub/training-deep-neural-networks.epub
	@SOURCE_DATE_EPOCH=$(COMMITTED) python -m tools.book epub

figures: execute  ## each figure as SVG, PDF and PNG, a zip a chapter: _build/figures
	@tools/setup.sh pdf
	@python -m tools.figures

slides: execute  ## a deck and a handout a chapter, for a browser and as PDF: _build/slides
	@tools/setup.sh slides
	@python -m tools.book slides
	@python -m tools.slides

site:  ## the book as it is published: pages, PDF, EPUB, slides, and a zip of all to read offline
	@BOOK_STAMP="$$(git log -1 --format=' (commit %h, %cd)' --date=format:'%-d %B %Y')" \
		$(MAKE) --no-print-directory book pdf epub figures slides zip

zip:
	@rm -f _build/html/$(NAME).zip
	@cp _build/latex/$(NAME).pdf _build/epub/$(NAME).epub _build/html/
	@mkdir -p _build/html/figures && cp _build/figures/*.zip _build/html/figures/
	@! ls _build/slides/*.zip >/dev/null 2>&1 || \
		{ mkdir -p _build/html/slides && cp _build/slides/*.zip _build/html/slides/; }
	@cd _build && python -m zipfile -c $(NAME).zip html && mv $(NAME).zip html/

test:  ## check everything: code, book, notebooks, pages in a browser (ALL=1: what has passed, too)
	@tools/setup.sh test
	@tools/test.sh

check: ready  ## lint and types
	@ruff format --check --quiet
	@ruff check --quiet
	@mypy --no-error-summary

notebooks: execute  ## write into notebooks/ the chapters that changed by more than measured numbers
	@python -m tools.book notebook
	@python -m tools.notebooks

release: ready  ## release VERSION=1.0.1: check, stamp, compare the claims, build the site, tag
	@python -m tools.release "$(VERSION)"

replicate: ready  ## execute the chapters on other seeds: lib/replicated.json
	@python -m tools.replicate

travel: ready  ## measure the claims on photographs and with convolutions: book/travel.json
	@tools/setup.sh travel
	@python -m travel $(CHECK)

serve: book  ## build the book and open it at http://localhost:8000 (PORT=… for another port)
	@(sleep 1; python -m webbrowser http://localhost:$(PORT)/ >/dev/null) &
	@python -m http.server $(PORT) --bind localhost --directory _build/html

execute: ready
	@python -m tools.execute

ready:
	@tools/setup.sh

links: execute  ## ask each link to another site whether it still leads somewhere
	python -m tools.book linkcheck

binder: ready  ## run all notebooks in a JupyterLab as Binder builds it
	python -m tools.binder

benchmark: book  ## time the ensemble, explorables, grading and the pages, on a quiet machine
	env -u TF_NUM_INTEROP_THREADS -u TF_NUM_INTRAOP_THREADS python -m benchmarks.ensemble
	python -m benchmarks.explorables
	python -m benchmarks.grading --class 200
	python -m benchmarks.pages

lock: ready  ## write the locks anew; with PACKAGE=name that package alone is brought up to date
	@tools/lock.sh $(PACKAGE)

clean:  ## remove what was built, but not what was installed
	rm -rf _build

.PHONY: help book pdf epub figures slides site zip test check notebooks release replicate travel serve execute ready links binder benchmark lock clean
