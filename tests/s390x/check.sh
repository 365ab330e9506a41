#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE [STAGE…]: everything about s390x: cross build, unit tests under user-mode emulation, the software crypto
# card beside unmodified tools in a virtual machine, boots. Called by "make check-s390x"; the last line is the sum.
#
# STAGE: only these of unit, tools, boot.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LC_ALL=C MAKE="${1:-make}"
stages=" ${*:2} "
B="${B:-build}"
[[ $B == /* ]] || B="$PWD/$B"
build="$B/s390x"
here=tests/s390x

tests/deps.sh s390x || exit 1

passed=0 failed=0 skipped=0 times=()
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# stage TITLE COMMAND…: its closing line counts, and is shown indented, because alone on its line it is the sum; a command
# without one is one result
stage() {
    local status started=$SECONDS
    printf '\n== %s\n' "$1"
    "${@:2}" </dev/null 2>&1 | tee "$log" | sed -E 's/^([0-9]+ passed, [0-9]+ failed, [0-9]+ skipped)$/   \1/'
    status=${PIPESTATUS[0]}
    if [[ $(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1) =~ ^([0-9]+)\ .*,\ ([0-9]+)\ .*,\ ([0-9]+)\  ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        skipped=$((skipped + BASH_REMATCH[3]))
        failed=$((failed + (BASH_REMATCH[2] == 0 && status != 0 ? 1 : BASH_REMATCH[2])))
    elif [[ $status -eq 0 ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    times+=("$(printf '%-52s %4d s' "$1" $((SECONDS - started)))")
    return "$status"
}

wanted() {
    [[ $stages =~ ^\ *$ || $stages == *" $1 "* ]]
}

finish() {
    printf '\n== how long it took\n'
    printf '   %s\n' "${times[@]}"
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [[ $failed -eq 0 ]]
    exit
}

mkdir -p "$build"
stage "trees of Debian 13 for s390x" $here/tree.sh || finish
tree="$(tail -n 1 "$log")"
stage "cross build, helper and unit tests" $here/cross.sh "$tree" "$build" || finish
if wanted unit; then
    stage "unit tests under user-mode emulation" $here/unit.sh "$tree" "$build"
fi
stage "cross build, software crypto card" $here/card.sh "$tree" "$build/card" || finish
if wanted tools; then
    stage "unmodified tools, and the rest of the unit tests" $here/tools.sh "$tree" "$build"
fi
if wanted boot; then
    stage "build for this machine" "$MAKE" --no-print-directory -j"$(nproc)" "B=$B" "$B/cexluks" "$B/kms-sim" || finish
    # the images are built under emulation; one machine after the other: two would only wait for each other
    stage "boots" env VM_ARCH=s390x "B=$B" $here/emulation.sh \
        tests/boot/run 70-card-alone 72-card-and-kms 76-card-wrong-master-key
fi
finish
