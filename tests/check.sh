#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: everything that needs no machine of its own, plus one boot. Called by "make check".
#
# Stages: packages; build; unit tests, as shipped and with sanitizers; integration, as shipped and with sanitizers;
# fuzzers for a few seconds each; lint; one virtual machine that boots unattended. The last line is their sum.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
MAKE="${1:-make}"
B="${B:-build}"

passed=0 failed=0 skipped=0
times=()
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

say() {
    printf '\n== %s\n' "$*"
}

# add FILE: the last closing line in it joins the sum; without one the stage failed
add() {
    local closing
    closing="$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1)"
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + BASH_REMATCH[3]))
        return 0
    fi
    return 1
}

# stage TITLE COMMAND…: its closing line counts; a failing command without one counts as one failure
stage() {
    local title="$1" started=$SECONDS status before=$failed
    shift
    say "$title"
    # The closing line of a stage is shown indented: alone on its line it is the sum of all stages.
    "$@" </dev/null 2>&1 | tee "$out/log" | sed -E 's/^([0-9]+ passed, [0-9]+ failed, [0-9]+ skipped)$/   \1/'
    status=${PIPESTATUS[0]}
    if ! add "$out/log"; then
        if [[ $status -eq 0 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    elif [[ $status -ne 0 && $failed -eq $before ]]; then
        failed=$((failed + 1))
    fi
    times+=("$(printf '%-44s %4d s' "$title" $((SECONDS - started)))")
    [[ $status -eq 0 ]]
}

make_all() {
    "$MAKE" --no-print-directory -j"$(nproc)" "$@"
}

finish() {
    say "how long it took"
    printf '   %s\n' "${times[@]}"
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [[ $failed -eq 0 ]]
}

# Sanitized binaries live in their own tree. Leaks are errors; a wrong mapping of shadow memory under RLIMIT_AS is not.
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

if ! stage "packages" "$MAKE" --no-print-directory deps || ! stage "build" make_all check-build ||
    ! stage "build with sanitizers" make_all SAN=1 check-build; then
    finish
    exit 1
fi
stage "unit tests" tests/unit/run "$B"
stage "unit tests with sanitizers" tests/unit/run build-san
[[ -x tests/fuzz/run ]] && stage "fuzzers with sanitizers" tests/fuzz/run build-san
stage "simulator" env "SIM=$B/kms-sim" tests/kms-sim/selftest.sh
stage "integration" env "B=$B" tests/integration/run
stage "integration with sanitizers" env B=build-san tests/integration/run
stage "lint" env "B=$B" tests/lint/run
stage "one boot in a virtual machine" env "B=$PWD/$B" tests/boot/run 20-unattended
finish
