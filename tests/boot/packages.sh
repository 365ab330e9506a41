#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packages.sh SUITE FOLDER: print the path of a folder with the packages that "make deb" makes in that Debian suite, but for the
# static program's; below FOLDER, and built when what they are made of has changed: on this machine when it has that suite, else in
# a root of it.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
suite=${1:?} out="${2:?}/deb-$1"

made_of() {
    cd "$top"
    find Makefile COPYING NEWS.md README.md helper dracut units completion kernel-install docs packaging -type f -print0 \
        | sort -z | xargs -0 sha256sum
    cat "$here"/{packages,machine-root}.sh
}

in_root() { # ROOT: in a throw-away overlay of it, from the source of a release
    local tarball
    tarball="$("$top/packaging/dist.sh" "$version" "$out/source")"
    # shellcheck disable=SC2016 # the inner shell's
    unshare -m --propagation private bash -euo pipefail -c '
        source "$1/../image/tree.sh"
        trap "tree_unmount $2" EXIT
        tree_mount "$3" "$2" container
        tar -C "$2/tmp" -xzf "$4"
        chroot "$2" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp "DEB_BUILD_PROFILES=$DEB_BUILD_PROFILES" \
            "DEB_BUILD_OPTIONS=$DEB_BUILD_OPTIONS" "/tmp/cexluks-$5/packaging/deb.sh" "$5" /tmp
        cp -r "$2/tmp/deb" "${4%/*}/../"' packages "$here" "$out/tree" "$1" "$tarball" "$version" >&2
}

key="$(made_of | sha256sum | cut -c1-16)"
if [[ ! -e $out/$key ]]; then
    started=$SECONDS
    version="$(sed -n 's/^VERSION := //p' "$top/Makefile")"
    export DEB_BUILD_PROFILES=pkg.cexluks.nostatic DEB_BUILD_OPTIONS=noautodbgsym
    rm -rf "$out"
    if [[ $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) == "$suite" ]]; then
        "$top/packaging/deb.sh" "$version" "$out" >&2
    else
        in_root "$("$here/machine-root.sh" "$suite" build)"
    fi
    touch "$out/$key"
    printf 'packages.sh: packages of Debian %s made in %d s\n' "$suite" $((SECONDS - started)) >&2
fi
printf '%s\n' "$out/deb"
