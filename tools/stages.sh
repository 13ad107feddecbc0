#!/usr/bin/env bash
# Runs make targets one after another, all of them even where one fails, and ends with a table: how each went,
# how many seconds it took, and the last thing it said (pytest's closing line). Fails if any of them failed.
#
# Of a stage that leaves out/STAGE.xml (pytest --junitxml) the seconds of every file are kept as well.
#
#   TIMINGS   a file beside out/timings.json that gets the seconds too, if all went well   (docs/timings.json is one)
set -uo pipefail
cd "$(dirname "$0")/.." || exit
trap 'exit 130' INT
log=$(mktemp)
trap 'rm -f "$log"' EXIT
table="" json="" failed=0

# `, "files": {"name": seconds, …}` from a junit file: a test case's class is its file, its seconds are its own
files() {
    [ -f "out/$1.xml" ] || return 0
    grep -oE '<testcase [^>]*>' "out/$1.xml" | sed -nE 's/.*classname="([^"]*)".* time="([^"]*)".*/\1 \2/p' | awk '
        { sub(/\.ipynb$/, "", $1); sub(/.*\./, "", $1); if (!($1 in took)) order[++n] = $1; took[$1] += $2 }
        END { printf ", \"files\": {"
              for (i = 1; i <= n; i++) printf "%s\"%s\": %d", (i == 1 ? "" : ", "), order[i], took[order[i]] + 0.5
              printf "}" }'
}

for stage in "$@"; do
    printf '\n--- make %s\n' "$stage"
    rm -f "out/$stage.xml"  # of an earlier run
    began=$SECONDS ok=true mark="ok    "
    make --no-print-directory "$stage" 2>&1 | tee "$log" || { ok=false mark="FAILED" failed=1; }
    took=$((SECONDS - began))
    said=$(grep -E '^=+ .*(passed|failed|skipped|error|no tests ran).* =+$' "$log" | tail -n 1)
    passed=$(printf '%s' "$said" | sed -nE 's/^=+ (.*, )?([0-9]+) passed.*/, "passed": \2/p')
    [ -n "$said" ] || said=$(grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1)
    table+=$(printf '%-13s %s %5d s   %s' "$stage" "$mark" "$took" "$said")$'\n'
    json+=$(printf '  "%s": {"seconds": %d, "ok": %s%s%s}' "$stage" "$took" "$ok" "$passed" "$(files "$stage")")$',\n'
    [ "$stage$failed" != install1 ] || break   # without an environment nothing else can run
done
total=$SECONDS

# Under a temporary name first: a reader finds all the seconds of one run, or those of the run before.
keep() {
    mkdir -p "$(dirname "$1")" || return
    {
        printf '{\n "commit": "%s",\n' "$(git describe --always --dirty --exclude '*' --abbrev=12 2>/dev/null || echo unknown)"
        printf ' "cores": %d,\n' "$(getconf _NPROCESSORS_ONLN)"
        printf ' "stages": {\n%s\n },\n "total": %d\n}\n' "${json%$',\n'}" "$total"
    } > "$1.$$" && mv "$1.$$" "$1"
}
keep out/timings.json
[ -z "${TIMINGS:-}" ] || [ $failed != 0 ] || keep "$TIMINGS"

printf '\n--- %s: %d s (out/timings.json)\n%s' "$*" "$total" "$table"
exit $failed
