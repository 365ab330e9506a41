#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: all x86_64 boots, two machines side by side. Called by "make check-boot".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
MAKE="${1:-make}"
"$MAKE" --no-print-directory deps
"$MAKE" --no-print-directory -j"$(nproc)" build/cexluks build/kms-sim
exec tests/boot/run -j2
