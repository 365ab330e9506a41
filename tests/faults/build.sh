#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh PROGRAM COMMAND…: links the helper with every call that can fail taken round by fail.c. COMMAND is a link of
# everything but what is made here. Refuses when the helper calls something that calls.txt does not name.
set -euo pipefail
export LC_ALL=C
program="$1"
shift
here="$(dirname "${BASH_SOURCE[0]}")"

objects=()
for word in "$@"; do
    [[ $word != */helper/*.o ]] || objects+=("$word")
done
listed="$(awk '!/^#/ && NF { if ($1 != "never") print $1; else for (i = 2; i <= NF; i++) print $i }' "$here/calls.txt" | sort)"
ours="$(nm --defined-only -g "${objects[@]}" | awk 'NF == 3 { print $3 }' | sort -u)"
unknown="$(nm -u "${objects[@]}" | awk 'NF == 2 && $2 !~ /^__(asan|ubsan|lsan|sanitizer)_/ { print $2 }' |
    sed -E 's/^__isoc[0-9]*_//' | sort -u | comm -23 - <(sort -u <<<"$listed"$'\n'"$ours"))"
if [[ -n $unknown ]]; then
    echo "tests/faults/calls.txt does not say how these fail: ${unknown//$'\n'/ }" >&2
    exit 1
fi
wraps=()
while read -r name _; do
    wraps+=("-Wl,--wrap=$name")
done < <(grep -vE '^(#|never|$)' "$here/calls.txt")
{
    cat "$here/head.S"
    awk -f "$here/wrap.awk" "$here/calls.txt"
} >"$program.S"
"${CC:-cc}" -c -o "$program-wrap.o" "$program.S"
"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -fPIE -c -o "$program-fail.o" "$here/fail.c"
exec "$1" "$program-wrap.o" "$program-fail.o" "${@:2}" "${wraps[@]}" -Wl,--wrap=execve -o "$program"
