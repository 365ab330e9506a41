#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: the matrix of image builds, with what it needs. Called by "make check-images". TIER in the environment chooses,
# see tests/tier.sh.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
MAKE="${1:-make}"
"$MAKE" --no-print-directory deps || exit 1
# Only one row wants it, and says that it is missing where its sources cannot be had.
"$MAKE" --no-print-directory static || true
tests/image/run ${TIER:+--tier "$TIER"}
