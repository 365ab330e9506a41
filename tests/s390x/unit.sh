#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# unit.sh TREE BUILD [TEST…]: run the unit tests of cross.sh under user-mode emulation, in a throw-away copy of the root. All,
# or those named, but without those that ask a kernel for what the emulation has not:
#
# TIER=ci, as tests/tier.sh has it, leaves out the longest.
#
#   unit.sh --left-out    names those, with the reason; tools.sh runs them in a virtual machine
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
left_out=(
    "base/test-program     emulated vfork() is fork(): posix_spawn() does not hear that exec failed"
    "base/test-secret      emulated madvise() takes no MADV_WIPEONFORK"
    "cex/test-pattern      emulated socket() takes no AF_ALG"
    "cex/test-pkey         emulated ioctl() says ENOSYS to what it doesn't know"
    "keyring/test-keyring  emulated keyctl() is ENOSYS"
    "kms/test-sandbox      no seccomp, no Landlock"
    "kms/test-scrub        emulated ptrace() is ENOSYS"
    "op/test-credential    as base/test-program"
    "op/test-forget        emulated keyctl() is ENOSYS"
    "op/test-keys-directory  emulated openat2() is ENOSYS"
)
if [[ ${1-} == --left-out ]]; then
    printf '%s\n' "${left_out[@]}"
    exit 0
fi
tree="$1" build="$2"
shift 2

tests=("$@")
if [[ ${#tests[@]} -eq 0 ]]; then
    for source in "$top"/tests/unit/*/test-*.c; do
        name="${source#"$top/tests/unit/"}"
        name="${name%.c}"
        printf '%s\n' "${left_out[@]}" | grep -q "^$name " || tests+=("$name")
    done
    # thousands of headers, which takes about as long as all the others
    if [[ ${TIER-} == ci ]]; then
        tests=("${tests[@]/#luks\/test-mutations/}")
        printf '# left to make check-all: s390x: luks/test-mutations\n'
    fi
fi

# a test that takes 20 s here took 5 minutes on a machine that had other things to do
"$here/inside.sh" "$tree" "$build" env TEST_LIMIT=1200 /bin/bash "$top/tests/unit/run" "$build" "${tests[@]}"
