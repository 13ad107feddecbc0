#!/usr/bin/env bash
# Runs make targets one after another, all of them even where one fails, and ends with a table: how each went,
# how many seconds it took, and the last thing it said (pytest's closing line). Fails if any of them failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
trap 'exit 130' INT
log=$(mktemp)
trap 'rm -f "$log"' EXIT
table="" failed=0

for stage in "$@"; do
    printf '\n--- make %s\n' "$stage"
    began=$SECONDS
    if make --no-print-directory "$stage" 2>&1 | tee "$log"; then mark="ok    "; else mark="FAILED"; failed=1; fi
    said=$(grep -E '^=+ .*(passed|failed|skipped|error|no tests ran).* =+$' "$log" | tail -n 1)
    [ -n "$said" ] || said=$(grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1)
    table+=$(printf '%-13s %s %5d s   %s' "$stage" "$mark" $((SECONDS - began)) "$said")$'\n'
    [ "$stage$failed" != install1 ] || break   # without an environment nothing else can run
done

printf '\n--- %s: %d s\n%s' "$*" "$SECONDS" "$table"
exit $failed
