#!/usr/bin/env bash
# Write the locks anew from pyproject.toml: requirements.txt for all that is built and tested here,
# .binder/requirements.txt for what a reader needs. tools/lock.sh [PACKAGE] upgrades this one alone.
set -euo pipefail
cd "$(dirname "$0")/.."
upgrade=(--upgrade)
[ -z "${1:-}" ] || upgrade=(--upgrade-package "$1")
# Where it finds rfc3987-syntax, jsonschema builds a grammar of web addresses, for 2 s of each start;
# nothing here is checked against it.
compile() {
  uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url \
    --no-annotate --no-header --quiet --no-emit-package rfc3987-syntax --no-emit-package lark "$@"
}
compile --all-extras "${upgrade[@]}" --output-file requirements.txt
compile --extra tensorflow --extra reader --constraint requirements.txt \
  --output-file .binder/requirements.txt
