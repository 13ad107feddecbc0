#!/usr/bin/env bash
# Makes the project's virtual environment: finds a Python, creates it, installs torch, then the project.
#
#   VENV         folder of the environment                          (default .venv)
#   PYTHON       the interpreter to build it from                   (default: the first that fits, see below)
#   WHEELS       a folder packed by `make wheelhouse`: nothing is fetched from anywhere else
#   CONSTRAINTS  a pip constraints file                             (tools/lowest.py writes one)
#   TORCH        the version asked for where torch is missing       (default 2.13.0)
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv} WHEELS=${WHEELS:-} CONSTRAINTS=${CONSTRAINTS:-} TORCH=${TORCH:-2.13.0}
CPU_INDEX=https://download.pytorch.org/whl/cpu
export PIP_DISABLE_PIP_VERSION_CHECK=1
began=$SECONDS

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$@" >&2; exit 1; }

# A name on the PATH proves little (pyenv's shims exist for versions that are switched off): run it.
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }   # Debian packs both apart, as python3-venv

find_python() {
    local candidate without_venv=""
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        is_new_enough "$candidate" || continue
        if makes_venvs "$candidate"; then
            python=$candidate
            return
        fi
        without_venv=${without_venv:-$candidate}
    done
    [ -z "$without_venv" ] || die \
        "$without_venv is new enough but cannot make virtual environments: its modules venv and ensurepip are missing." \
        "On Debian and Ubuntu: sudo apt-get install python3-venv     (or python3.12-venv and the like); then run make again."
    die "No Python 3.11 or newer found (tried ${PYTHON:-python3, python3.11 to python3.14, python}; python3 is $(python3 --version 2>&1 || true))." \
        "Install one (https://www.python.org/downloads, your package manager, or conda with environment.yml)," \
        "or name one: make lab PYTHON=path-of-a-python"
}

if [ ! -x "$VENV/bin/python" ] || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    find_python
    say "$("$python" --version) makes $VENV; this happens once and takes a few minutes"
    "$python" -m venv "$VENV"
fi
is_new_enough "$VENV/bin/python" || die "$VENV holds a Python older than 3.11: remove it with 'make clean-venv' and run make again."
python=$VENV/bin/python

pip_install() {
    "$python" -m pip install ${CONSTRAINTS:+--constraint "$CONSTRAINTS"} "$@"
}

if [ -n "$WHEELS" ]; then
    [ -d "$WHEELS" ] || die "WHEELS=$WHEELS is no folder: pack one with 'make wheelhouse' on a machine that has a network."
    pins=$WHEELS/pins.txt
    [ -f "$pins" ] || die "$WHEELS holds no pins.txt, so nothing says which versions belong together: pack it again with 'make wheelhouse'."
    packed=$(sed -n '1s/^# //p' "$pins") here=$("$python" tools/pins.py | sed 's/^# //')
    [ "$packed" = "$here" ] || die "$WHEELS was packed for $packed, and this is $here: compiled wheels would not fit." \
        "Choose the Python it was packed with (make lab PYTHON=... WHEELS=$WHEELS, after 'make clean-venv'), or pack one on a machine like this."
    say "installing from $WHEELS alone"
    pip_install --no-index --find-links "$WHEELS" --constraint "$pins" --editable ".[dev]"
else
    # Plain torch on Linux is a CUDA build of several GB. So torch alone, and only there, is first asked for at
    # PyTorch's index of processor-only builds. '+cpu' keeps a CUDA build from any other configured index out of this try.
    if [ "$(uname -s)" = Linux ] && ! "$python" -c 'import torch' >/dev/null 2>&1; then
        pip_install --no-deps --retries 0 --timeout 15 --index-url "$CPU_INDEX" "torch==$TORCH+cpu" || {
            say "PyTorch's CPU index gave no torch $TORCH+cpu: taking plain torch==$TORCH (on Linux a CUDA build of several GB)"
            pip_install --no-deps "torch==$TORCH"
        }
    fi
    pip_install --editable ".[dev]"
fi
touch "$VENV/.installed"
say "ready in $((SECONDS - began)) s"
