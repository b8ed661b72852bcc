#!/usr/bin/env bash
# Starts a listing's test under gdb: `.debug/listing.sh 3-8`, or `make debug L=3-8`. What follows the listing goes to gdb,
# so that `.debug/listing.sh 3-8 -batch -ex run -ex bt` works without a terminal.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

listing=${1:-}
[[ $listing =~ ^([0-9]+)-([0-9]+)$ ]] || fail 'say which listing: make debug L=3-8'
chapter=$(printf 'ch%02d' "${BASH_REMATCH[1]}")
start="listing_${BASH_REMATCH[1]}_${BASH_REMATCH[2]}_"
shift

[[ -f tests/$chapter.rs ]] || fail "there is no tests/$chapter.rs: chapter ${chapter#ch} is not there yet"
# A chapter's tests stand in the files of its folder; each is a module.
found=$(grep -rnoE "fn ${start}[a-z0-9_]*" "tests/$chapter" | sort | sed 's/:[0-9]*:fn / /') || true
[[ -n $found ]] || fail "no test in tests/$chapter is named ${start}…"
mapfile -t tests < <(sed "s|^tests/$chapter/\(.*\)\.rs |\1::|" <<<"$found")
test=${tests[0]}
((${#tests[@]} == 1)) || printf 'listing %s has %d tests; this is the first\n' "$listing" "${#tests[@]}"

command -v gdb >/dev/null || fail 'gdb is not installed (apt-get install gdb); docs/debugging.md says how to use lldb instead'
debugger=gdb
# rust-gdb is gdb with printers for Rust's types. rustup may offer it without being able to start it.
if rust-gdb --version >/dev/null 2>&1; then debugger=rust-gdb; fi

# The program's path stands in cargo's message about the test target.
program=$(cargo test --no-run --test "$chapter" --message-format=json-render-diagnostics \
    | sed -n 's/.*"kind":\["test"\].*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
[[ -n $program ]] || fail "cargo built no program for tests/$chapter.rs"

# A debugger holds threads for minutes, so deadlines are off. These listings are about a deadline that passes: without it
# their tests would wait for ever.
case $listing in
3-5 | 3-6 | 3-8 | 3-9 | 3-12 | 4-26 | 5-6 | 5-7 | 5-8 | 8-5) off=0 ;;
*) off=1 ;;
esac
export NETPROG_NO_TIMEOUTS=${NETPROG_NO_TIMEOUTS:-$off}

commands=(-q -x .debug/skip-std.gdb -ex "break $chapter::$test")
while read -r wanted file name; do
    [[ $wanted == "$listing" ]] || continue
    line=$(grep -nE "\bfn $name\b" "$file" 2>/dev/null | head -n 1 | cut -d: -f1 || true)
    if [[ -n $line ]]; then
        commands+=(-ex "break $file:$line")
    else
        printf '.debug/stops names fn %s in %s, which is not there\n' "$name" "$file" >&2
    fi
done <.debug/stops

printf '%s in tests/%s.rs under %s, NETPROG_NO_TIMEOUTS=%s\n' "$test" "$chapter" "$debugger" "$NETPROG_NO_TIMEOUTS"
printf 'type: run   then: next, step, bt, info threads, continue\n'
exec "$debugger" "${commands[@]}" "$@" --args "$program" --exact "$test" --nocapture --test-threads=1
