#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: all x86_64 virtual machines: the boots, two side by side, then the software crypto card's self test,
# then the helper on that card. Called by "make check-boot"; the last line is the sum of all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
MAKE="${1:-make}"
"$MAKE" --no-print-directory deps || exit 1
"$MAKE" --no-print-directory -j"$(nproc)" build/cexluks build/kms-sim || exit 1

passed=0 failed=0 skipped=0
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# part TITLE COMMAND…: shows its closing line indented, because alone on its line it is the sum
part() {
    local status closing started=$SECONDS
    printf '\n== %s\n' "$1"
    "${@:2}" </dev/null 2>&1 | tee "$log" | sed -E 's/^([0-9]+ passed, [0-9]+ failed, [0-9]+ skipped)$/   \1/'
    status=${PIPESTATUS[0]}
    closing="$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)"
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        skipped=$((skipped + BASH_REMATCH[3]))
        failed=$((failed + (BASH_REMATCH[2] == 0 && status != 0 ? 1 : BASH_REMATCH[2])))
    else
        failed=$((failed + 1))
    fi
    printf '   %s: %d s\n' "$1" $((SECONDS - started))
}

part "boots" tests/boot/run -j2
part "software crypto card" tests/softcex/selftest.sh
part "matrix of cards" tests/card/run
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[[ $failed -eq 0 ]]
