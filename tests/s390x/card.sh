#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# card.sh TREE OUT: cross build the software crypto card for the kernel of TREE (what tree.sh printed), as its build.sh does.
set -euo pipefail

tree="$1" out="$2"
version="$(basename "$(echo "$tree"/root/usr/lib/modules/*)")"
# gcc 12 lacks an option that the kernel was configured for
exec "$(dirname "${BASH_SOURCE[0]}")/../softcex/build.sh" --root "$tree/root" \
    --headers "$tree/headers/usr/src/linux-headers-$version" "$out" \
    ARCH=s390 CROSS_COMPILE=s390x-linux-gnu- CC=s390x-linux-gnu-gcc CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=
