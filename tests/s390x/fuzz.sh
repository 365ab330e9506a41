#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh TREE BUILD [TARGET…]: the fuzz targets of cross.sh under user-mode emulation, where the first byte of a number is
# its largest: all of the corpus as it is, then the mutations of tests/fuzz/driver.c, SECONDS_EACH (1) seconds for each target.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
left_out=(
    "keys    emulated openat2() is ENOSYS: the parser of a key's file is never reached"
)
tree="$1" build="$2"
shift 2
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
    for source in "$top"/tests/fuzz/fuzz-*.c; do
        name="${source##*/fuzz-}"
        printf '%s\n' "${left_out[@]}" | grep -q "^${name%.c} " || targets+=("${name%.c}")
    done
    printf '# left out: fuzz-%s\n' "${left_out[@]}"
fi
"$here/inside.sh" "$tree" "$build" env SECONDS_EACH="${SECONDS_EACH:-1}" /bin/bash "$top/tests/fuzz/run" "$build" "${targets[@]}"
