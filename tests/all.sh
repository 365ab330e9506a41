#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# all.sh ci|all: in a fresh clone: installs what is needed, then everything this repository can show about itself, on this
# machine and on virtual ones. The last line is the sum.
#
#   ci    ".ci/run": of what takes long, what represents its kind (tests/tier.sh); the end names what it left to
#   all   "make check-all"
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C CI=true
case ${1-} in
    ci) tier=ci ;;
    all) tier='ci all' ;;
    *) echo 'usage: all.sh ci|all' >&2 && exit 2 ;;
esac
MAKE="${MAKE:-make}"
# shellcheck source=tests/stage.sh
source tests/stage.sh

# more TITLE COMMAND…: a stage of "all" alone
more() {
    if [[ $tier == *all* ]]; then stage "$@"; else stage_notes+=("# left to make check-all: $1"); fi
}

stage "packages" tests/deps.sh s390x ansible packages || stage_finish
STAGE_CLOSES=yes
stage "make check" "$MAKE" check WERROR=1
stage "promises whose countermeasure is taken away" tests/security/run --tier "$tier"
# before the boots: one of them boots the static helper, one the packages
stage "make check-static" "$MAKE" check-static "TIER=$tier"
stage "make check-packages" "$MAKE" check-packages "TIER=$tier"
stage "make check-boot" "$MAKE" check-boot "TIER=$tier"
stage "make check-ansible" "$MAKE" check-ansible
stage "make check-images" "$MAKE" check-images "TIER=$tier"
stage "make check-s390x" "$MAKE" check-s390x "TIER=$tier"
more "make check-static ARCH=s390x" "$MAKE" check-static ARCH=s390x
more "make check-static LIBC=glibc" "$MAKE" check-static LIBC=glibc
more "boots with the static helper" env HELPER=static tests/boot/run -j2
more "make check-faults" "$MAKE" check-faults
more "verbs killed at every write" env EVERY_WRITE=yes tests/integration/run 15-rotate 19-apply 23-interrupted 23-rebind \
    89-credential-header
stage_finish
