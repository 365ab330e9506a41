#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE [STAGE…]: everything about s390x: cross build, unit tests and fuzz targets under user-mode emulation, the
# software crypto card beside unmodified tools in a virtual machine, boots. Called by "make check-s390x"; the last line is
# the sum.
#
# STAGE: only these of unit, fuzz, tools, boot. ONLY=token,header: these fuzz targets.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LC_ALL=C MAKE="${1:-make}"
stages=" ${*:2} "
B="${B:-build}"
[[ $B == /* ]] || B="$PWD/$B"
build="$B/s390x"
here=tests/s390x

tests/deps.sh s390x || exit 1

# shellcheck source=tests/stage.sh
source tests/stage.sh

wanted() {
    [[ $stages =~ ^\ *$ || $stages == *" $1 "* ]]
}

mkdir -p "$build"
stage "trees of Debian 13 for s390x" $here/tree.sh || stage_finish
tree="$(tail -n 1 "$stage_dir/now/said")"
targets=()
if [[ $stages == ' fuzz ' ]]; then
    for source in tests/fuzz/fuzz-*.c; do
        targets+=("$build/${source%.c}")
    done
fi
stage "cross build, helper, unit tests and fuzz targets" $here/cross.sh "$tree" "$build" "${targets[@]}" || stage_finish
if wanted unit; then
    # one by one, so they leave a processor to the others
    stage_beside "unit tests under user-mode emulation" $here/unit.sh "$tree" "$build"
fi
if wanted fuzz; then
    # shellcheck disable=SC2086 # a list
    stage "fuzz targets under user-mode emulation" $here/fuzz.sh "$tree" "$build" ${ONLY:+${ONLY//,/ }}
fi
[[ $stages != ' fuzz ' ]] || stage_finish
stage "cross build, software crypto card" $here/card.sh "$tree" "$build/card" || stage_finish
if wanted boot; then
    stage "build for this machine" "$MAKE" --no-print-directory -j"$(nproc)" "B=$B" "$B/cexluks" "$B/kms-sim" || stage_finish
fi
if wanted tools; then
    stage "unmodified tools, and the rest of the unit tests" $here/tools.sh "$tree" "$build"
fi
if wanted boot; then
    # the images are built under emulation, which takes its time: while one is, another boots
    stage "boots" env VM_ARCH=s390x CASE_LIMIT=1800 "B=$B" $here/emulation.sh \
        tests/boot/run -j2 70-card-alone 72-card-and-kms 76-card-wrong-master-key
fi
stage_finish
