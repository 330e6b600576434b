#!/usr/bin/env bash
# Bring what a command needs: tools/setup.sh [test|pdf|slides|travel]. It says what it installs, and asks nothing.
# Where it may not install (no root, no `sudo -n`, no apt-get) it names what is missing and what is
# left out for want of it; where CI is set, a missing part is a failure. Runs in a Mac's bash 3.2.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=${PATH//"$PWD/.venv/bin:"/}  # where `make` looks first, and what may be made anew here
what=${1:-}
TEX="fonts-dejavu-extra fonts-texgyre fonts-texgyre-math latexmk librsvg2-bin poppler-utils
  texlive-fonts-recommended texlive-latex-extra texlive-xetex"

die() { echo "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
runs() { "$@" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_install() { [ -z "${failed:-}" ] && have apt-get && runs as_root true; }
playwright_will() { on_ubuntu && may_install; }  # there Debian's package is a snap
on_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }
has_photographs() { [ -n "${FASHION_MNIST+set}" ] || runs ls /usr/share/datasets/fashion-mnist; }
has_epubcheck() { have java && [ -e /usr/share/java/epubcheck.jar ]; }
has_tex() { runs type latexmk xelatex rsvg-convert pdftotext; }
has_atomic() {  # what Playwright's Node is linked to, and a small Debian lacks
  [ "$(uname)" != Linux ] || runs "$python" -c 'import ctypes; ctypes.CDLL("libatomic.so.1")'
}
has_chromium() {
  have google-chrome || { have chromium && ! on_ubuntu; } ||
    runs ls -d ~/.cache/ms-playwright/chromium-* || runs ls -d ~/Library/Caches/ms-playwright/chromium-*
}

# 1. What is missing is said first. A Python is one that TensorFlow has wheels for.
for python in ${PYTHON:-python3 python3.13 python3.12 python3.11} ""; do
  runs "${python:-false}" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' && break
done
[ -n "$python" ] ||
  die "The book runs on Python 3.11, 3.12 and 3.13, and ${PYTHON:-python3} is" \
    "$("${PYTHON:-python3}" -V 2>/dev/null || echo missing). Name another: make PYTHON=python3.13"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# need WHAT PACKAGES LEFT-OUT
need() {
  if [ -n "$2" ] && may_install; then packages+=($2); else miss "$1; left out: $3"; fi
}
miss() { missing+=("$1"); echo "missing: $1"; }
need_photographs() {
  has_photographs || need "Fashion-MNIST (on Debian: apt-get install dataset-fashion-mnist;\
 elsewhere: set FASHION_MNIST to a folder with its four gzipped files)" dataset-fashion-mnist "$1"
}
need_browser() {
  has_chromium || playwright_will || need "Chromium (on Debian: apt-get install chromium;\
 elsewhere: .venv/bin/playwright install chromium)" chromium "$1"
  has_atomic || need "libatomic (apt-get install libatomic1)" libatomic1 "$1"
}
look() {
  packages=() missing=()
  runs "$python" -c 'import ensurepip' || need "Python's venv (as root: apt-get install\
 python$version-venv)" "python$version-venv" "everything"
  if [ "$what" = pdf ]; then
    has_tex || need "TeX (as root: apt-get install --no-install-recommends $(echo $TEX))" "$TEX" "the PDF"
  elif [ "$what" = slides ]; then
    need_browser "slides as PDF"
  elif [ "$what" = travel ]; then
    need_photographs "nothing, if Keras can download them"
  elif [ "$what" = test ]; then
    need_browser "the tests of the pages"
    have bwrap || need "bubblewrap (apt-get install bubblewrap; Linux only)" bubblewrap \
      "the tests of grading"
    has_tex || need "TeX (make pdf brings it)" "${CI:+$TEX}" "the PDF"
    need_photographs "the tests of other worlds"
    have firefox-esr || have firefox || need "Firefox (on Debian: apt-get install firefox-esr)" \
      "${CI:+firefox-esr}" "the tests in a second browser"
    has_epubcheck || need "epubcheck (on Debian: apt-get install epubcheck)" "${CI:+epubcheck}" \
      "a test of the EPUB"
    if have unshare && ! runs unshare --user --map-root-user true; then
      setting=kernel.unprivileged_userns_clone=1
      [ ! -e /proc/sys/kernel/apparmor_restrict_unprivileged_userns ] ||
        setting=kernel.apparmor_restrict_unprivileged_userns=0
      miss "user namespaces (allow them: sudo sysctl -w $setting); left out: the tests of grading"
    fi
  fi
  [ -z "${CI:-}" ] || [ ${#missing[@]} -eq 0 ] || die "CI is set: nothing may be missing"
}
look

# 2. Debian's packages.
if [ ${#packages[@]} -gt 0 ]; then
  echo "installing with apt-get: ${packages[*]}"
  log=$(mktemp)
  if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
    -y -qq --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    echo "apt-get could not: $(tail -1 "$log")"
    failed=yes
    look
  fi
  rm "$log"
fi
runs "$python" -c 'import ensurepip' && { [ "$what" != pdf ] || has_tex; } || exit 1

# 3. .venv is of this Python and holds the lock; a half-made one is made anew.
stamp() { "$python" -VV; cat requirements.txt pyproject.toml; }
if ! stamp | cmp -s - .venv/ready || ! runs .venv/bin/python -c ''; then
  if [ "$("$python" -VV)" != "$(head -1 .venv/ready 2>/dev/null)" ] || ! runs .venv/bin/uv --version
  then
    echo "setting up .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      "$(grep '^uv==' requirements.txt)"
  else
    echo "bringing .venv to the lock"
  fi
  "$python" -VV >.venv/ready  # so far
  .venv/bin/uv pip sync --quiet --compile-bytecode requirements.txt
  .venv/bin/uv pip install --quiet --no-deps --editable .
  stamp >.venv/ready
fi
if ! cmp -s package-lock.json node_modules/ready; then
  PATH="$PWD/.venv/bin:$PATH" .venv/bin/npm ci --silent
  cp package-lock.json node_modules/ready
fi
if [[ "$what" = test || "$what" = slides ]] && ! has_chromium && playwright_will; then
  echo "installing with playwright: chromium"
  runs .venv/bin/playwright install --with-deps chromium || { failed=yes; look; }
fi
