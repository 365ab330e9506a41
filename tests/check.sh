#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: everything that needs no machine of its own, plus one boot. Called by "make check".
#
# Stages: packages; build; unit tests, as shipped and with sanitizers; integration, as shipped and with sanitizers;
# fuzzers for a few seconds each; promises have their tests; calls that fail, each place once; lint; one virtual machine that
# boots unattended. The last line is their sum.
#
# The boot waits much and the unit tests run one by one, so they share the processors; so do lint and integration.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
MAKE="${1:-make}"
B="${B:-build}"
# shellcheck source=tests/stage.sh
source tests/stage.sh

# shellcheck disable=SC2317 # called by the stages
make_all() {
    "$MAKE" --no-print-directory -j"$(nproc)" "$@"
}

# Sanitized binaries live in their own tree. Leaks are errors; a wrong mapping of shadow memory under RLIMIT_AS is not.
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

stage "packages" "$MAKE" --no-print-directory deps || stage_finish
stage "build" make_all check-build || stage_finish
stage_beside "one boot in a virtual machine" env "B=$PWD/$B" tests/boot/run --tier check
stage "build with sanitizers" make_all SAN=1 check-build || stage_finish
stage "unit tests" tests/unit/run "$B"
stage "unit tests with sanitizers" tests/unit/run build-san
stage "fuzzers with sanitizers" tests/fuzz/run build-san
stage_join
# nice: the integration tests have deadlines, lint has none
stage_beside "lint" nice -n 19 env "B=$B" tests/lint/run
stage "promises and their tests" tests/security/run
stage "simulator" env "SIM=$B/kms-sim" tests/kms-sim/selftest.sh
stage "integration" env "B=$B" tests/integration/run
stage "integration with sanitizers" env B=build-san tests/integration/run
stage "calls that fail" env B=build-san tests/faults/run
stage_finish
