#!/usr/bin/env bash
# Packs into ./wheelhouse everything `make lab WHEELS=wheelhouse` and `make test WHEELS=wheelhouse` need without a
# network: the very versions of the environment in use, for this operating system and this Python, and pins.txt, which
# holds the offline install to them. An earlier wheelhouse is replaced when the new one is whole.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1
part=wheelhouse.part constraints=$(mktemp)
trap 'rm -rf "$constraints" "$part"' EXIT
"$PY" -m pip list --format=freeze --exclude-editable --exclude pip --exclude setuptools --exclude wheel > "$constraints"
torch=$(grep '^torch==' "$constraints")
read -ra build < <("$PY" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')

rm -rf "$part"
mkdir "$part"
case $torch in   # see tools/setup.sh: that index serves torch alone
    *+cpu) "$PY" -m pip download --dest "$part" --no-deps --index-url https://download.pytorch.org/whl/cpu "$torch" ;;
    *) "$PY" -m pip download --dest "$part" --no-deps "$torch" ;;
esac
"$PY" -m pip download --dest "$part" "${build[@]}"
"$PY" -m pip wheel --wheel-dir "$part" --find-links "$part" --constraint "$constraints" ".[dev]"
rm -f "$part"/embeddistill_lab-*.whl   # the project itself is installed from its folder
"$PY" tools/pins.py "$part" > "$part/pins.txt"
rm -rf wheelhouse
mv "$part" wheelhouse
printf 'wheelhouse: %s wheels, %s, for %s\n' "$(find wheelhouse -name '*.whl' | wc -l)" "$(du -sh wheelhouse | cut -f 1)" \
    "$(sed -n '1s/^# //p' wheelhouse/pins.txt)"
