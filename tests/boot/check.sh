#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: all x86_64 virtual machines: the boots, two side by side, then the software crypto card's self test,
# then the helper on that card. Called by "make check-boot"; the last line is the sum of all. TIER in the environment chooses, see
# tests/tier.sh.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
MAKE="${1:-make}"
"$MAKE" --no-print-directory deps || exit 1
"$MAKE" --no-print-directory -j"$(nproc)" build/cexluks build/kms-sim || exit 1
# shellcheck source=tests/stage.sh
source tests/stage.sh
tier=(${TIER:+--tier "$TIER"})

STAGE_CLOSES=yes
stage "boots" tests/boot/run -j2 "${tier[@]}"
stage "software crypto card" tests/softcex/selftest.sh
stage "matrix of cards" tests/card/run "${tier[@]}"
stage_finish
