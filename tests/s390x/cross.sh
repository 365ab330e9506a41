#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cross.sh TREE BUILD TARGET…: make the targets for s390x in BUILD, warnings being errors, with the compiler of this
# machine and the libraries of TREE (what tree.sh printed). Without targets: the helper, all unit tests and all fuzz targets.
# With MACHINE=x86_64-linux-gnu, say, for that one; TREE may be a root with headers in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

machine="${MACHINE:-s390x-linux-gnu}"
sysroot="$1/sysroot" build="$2"
[[ -d $sysroot ]] || sysroot="$1"
shift 2
if [[ $# -eq 0 ]]; then
    set -- "$build/cexluks"
    for source in tests/unit/*/test-*.c tests/fuzz/fuzz-*.c; do
        set -- "$@" "$build/${source%.c}"
    done
fi
export PKG_CONFIG_SYSROOT_DIR="$sysroot"
export PKG_CONFIG_LIBDIR="$sysroot/usr/lib/$machine/pkgconfig:$sysroot/usr/share/pkgconfig"
exec "${MAKE:-make}" --no-print-directory -j"$(nproc)" "B=$build" "CC=$machine-gcc --sysroot=$sysroot" WERROR=1 "$@"
