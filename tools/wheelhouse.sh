#!/usr/bin/env bash
# Packs into ./wheelhouse everything `make lab WHEELS=wheelhouse` and `make test WHEELS=wheelhouse` need without a
# network: the very versions of the environment in use, for this operating system and this Python.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
"$PY" -m pip list --format=freeze --exclude-editable --exclude pip --exclude setuptools --exclude wheel > "$constraints"
torch=$(grep '^torch==' "$constraints")
read -ra build < <("$PY" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')

mkdir -p wheelhouse
case $torch in   # see tools/setup.sh: that index serves torch alone
    *+cpu) "$PY" -m pip download --dest wheelhouse --no-deps --index-url https://download.pytorch.org/whl/cpu "$torch" ;;
    *) "$PY" -m pip download --dest wheelhouse --no-deps "$torch" ;;
esac
"$PY" -m pip download --dest wheelhouse "${build[@]}"
"$PY" -m pip wheel --wheel-dir wheelhouse --find-links wheelhouse --constraint "$constraints" ".[dev]"
rm -f wheelhouse/embeddistill_lab-*.whl   # the project itself is installed from its folder
printf 'wheelhouse: %s wheels, %s\n' "$(find wheelhouse -name '*.whl' | wc -l)" "$(du -sh wheelhouse | cut -f 1)"
"$PY" -c 'import platform, sys; print(f"for Python {sys.version_info[0]}.{sys.version_info[1]} on {platform.system()} {platform.machine()}")'
