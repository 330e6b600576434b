#!/usr/bin/env bash
# Test `lib` and two notebooks with other packages than those of the lock, in an environment of
# their own: tools/versions.sh highest, or lowest-direct for the lowest that pyproject.toml allows.
set -euo pipefail
cd "$(dirname "$0")/.."
resolution=$1
env=_build/versions/$resolution
python3 -m venv --clear "$env"
"$env/bin/python" -m pip install --quiet uv
tools=(ipykernel myst-nb nbclient nbval pytest scipy)
"$env/bin/uv" pip install --quiet --python "$env/bin/python" --resolution "$resolution" \
  --requirement pyproject.toml --extra tensorflow
"$env/bin/uv" pip install --quiet --python "$env/bin/python" "${tools[@]}"
"$env/bin/uv" pip list --quiet --python "$env/bin/python" | grep -E '^(keras|matplotlib|numpy|pandas|scikit-learn|tensorflow)'
export PYTHONPATH=$PWD
modules=(callbacks data diagnostics ensemble ensemble_members evidence keras_internals plots schedules)
files=()
for module in "${modules[@]}"; do files+=("tests/test_$module.py"); done
ALL=1 "$env/bin/python" -m pytest --doctest-modules lib "${files[@]}"
notebooks=$(mktemp -d)
cp notebooks/0{2,8}-*.ipynb "$notebooks"
"$env/bin/python" -m ipykernel install --prefix "$env" --name versions >/dev/null
JUPYTER_PATH=$PWD/$env/share/jupyter "$env/bin/python" -m pytest --nbval --nbval-kernel-name versions \
  --nbval-sanitize-with tests/nbval.cfg --rootdir "$notebooks" -c /dev/null "$notebooks"
