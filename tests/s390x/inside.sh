#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# inside.sh TREE BUILD COMMAND…: run it under user-mode emulation, in a throw-away copy of TREE's root that has this
# repository and BUILD, both at the path that they have here and not to be changed.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
tree="$1" build="$2"
shift 2

# in its namespace everything is mounted
if [[ -z ${CEXLUKS_EMULATED-} ]]; then
    CEXLUKS_EMULATED=1 exec "$here/emulation.sh" "${BASH_SOURCE[0]}" "$tree" "$build" "$@"
fi

work="$(mktemp -d "$build/inside.XXXXXX")"
trap 'umount -R "$work/top" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
mkdir "$work"/{upper,work,top}
mount -t overlay overlay -o "lowerdir=$tree/root,upperdir=$work/upper,workdir=$work/work" "$work/top"
mount -t proc proc "$work/top/proc"
mount -t sysfs -o ro sysfs "$work/top/sys"
mount --bind /dev "$work/top/dev"
mount -t tmpfs tmpfs "$work/top/tmp"
mount -t tmpfs tmpfs "$work/top/run"
for dir in "$top" "$build"; do
    mkdir -p "$work/top$dir"
    mount --bind -o ro "$dir" "$work/top$dir"
done
chroot "$work/top" "$@"
