#!/usr/bin/env bash
# All checks, stage by stage with their times; what does not need each other runs side by side.
# JOBS=n sets how many tests run at once, ALL=1 runs what has passed on the same content as well.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$logs"' EXIT

# stage NAME COMMAND...: its output is shown if it fails, else what of it tests left out
stage() {
  local name=$1 start=$SECONDS code=0
  shift
  "$@" >"$logs/$name" 2>&1 || code=$?
  printf '%-7s%4d s  %s\n' "$([ $code = 0 ] && echo done || echo FAILED)" $((SECONDS - start)) "$name"
  if [ $code = 0 ]; then grep '^left out' "$logs/$name"; else cat "$logs/$name" >&2; fi
  return $code
}
pages() { stage "pages and notebooks" python -m tools.book html notebook; }
beside() { stage "lint and types" make check && stage "Colab's environment" python -m tools.colab; }
has_tex() { type latexmk xelatex rsvg-convert pdftotext >/dev/null 2>&1; }
slides() {
  python -m tools.book epub slides && python -m pytest tests/test_epub.py tests/test_slides.py
}
print_book() { make pdf figures zip && python -m pytest tests/test_pdf.py tests/test_figures.py; }
others() {  # what no other test waits for
  stage "EPUB and slides" slides && if has_tex; then stage "PDF" print_book; fi
}
both() {  # run two functions beside each other; fail if one of them does
  local code=0
  "$1" & "$2" || code=1
  wait $! && return $code
}
tests() {
  local apart=(--ignore tests/test_epub.py --ignore tests/test_slides.py)
  has_tex && apart+=(--ignore tests/test_pdf.py --ignore tests/test_figures.py)
  python -m pytest -n "${JOBS:-logical}" --maxschedchunk 1 "${apart[@]}" \
    --doctest-modules lib explorables tests
}

python -m tools.execute && both pages beside || exit 1
start=$SECONDS code=0
both others tests || code=1
printf '%-7s%4d s  tests\n' "$([ $code = 0 ] && echo done || echo FAILED)" $((SECONDS - start))
exit $code
