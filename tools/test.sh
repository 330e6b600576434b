#!/usr/bin/env bash
# All checks, stage by stage with their times; what does not need each other runs side by side.
# JOBS=n sets how many tests run at once, ALL=1 runs what has passed on the same content as well.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$logs"' EXIT

# stage NAME COMMAND...: its output is shown only if it fails
stage() {
  local name=$1 start=$SECONDS code=0
  shift
  "$@" >"$logs/$name" 2>&1 || code=$?
  printf '%-7s%4d s  %s\n' "$([ $code = 0 ] && echo done || echo FAILED)" $((SECONDS - start)) "$name"
  [ $code = 0 ] || cat "$logs/$name" >&2
  return $code
}
pages() { stage "pages, notebooks, EPUB, slides" python -m tools.book html notebook epub slides; }
beside() { stage "lint and types" make check && stage "Colab's environment" python -m tools.colab; }
print_book() { make pdf figures zip && python -m pytest tests/test_pdf.py tests/test_figures.py; }
both() {  # run two functions beside each other; fail if one of them does
  local code=0
  "$1" & "$2" || code=1
  wait $! && return $code
}
tests() {
  python -m pytest -n "${JOBS:-logical}" --maxschedchunk 1 --doctest-modules lib explorables tests "$@"
}

python -m tools.execute && both pages beside || exit 1
start=$SECONDS code=0
if type latexmk xelatex rsvg-convert pdftotext >/dev/null 2>&1; then
  stage "PDF" print_book & 
  tests --ignore tests/test_pdf.py --ignore tests/test_figures.py || code=1
  wait $! || code=1
else
  tests || code=1
fi
printf '%-7s%4d s  tests\n' "$([ $code = 0 ] && echo done || echo FAILED)" $((SECONDS - start))
exit $code
