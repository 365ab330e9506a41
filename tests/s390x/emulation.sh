#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# emulation.sh COMMAND…: while it runs, the kernel hands programs for s390x to qemu-s390x-static.
#
# The registration is the kernel's, so all of the machine sees it; it is taken back if it is ours. The interpreter is
# opened once, here, and so works in any chroot. What is mounted ends with a namespace of its own.
set -euo pipefail

if [[ -z ${CEXLUKS_EMULATION_NAMESPACE-} ]]; then
    CEXLUKS_EMULATION_NAMESPACE=1 exec unshare -m --propagation private "${BASH_SOURCE[0]}" "$@"
fi
unset CEXLUKS_EMULATION_NAMESPACE

dir="$(mktemp -d)"
name="qemu-s390x-cexluks-$$"
registered=no

finish() {
    [[ $registered == no ]] || echo -1 >"$dir/$name"
    umount "$dir"
    rmdir "$dir"
}

# this machine may have none mounted
mount -t binfmt_misc binfmt_misc "$dir"
trap finish EXIT
if ! grep -qs '^enabled' "$dir"/qemu-s390x "$dir"/qemu-s390x-static; then
    # magic and mask as Debian's qemu-user-static names them
    sed "s/^:[^:]*:/:$name:/" /usr/lib/binfmt.d/qemu-s390x*.conf >"$dir/register"
    registered=yes
fi
"$@"
