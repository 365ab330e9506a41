#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh [OPTION]… OUT-DIR [MAKE-ARGUMENT]…: build the software crypto card for the kernel of a root directory.
#
#   --root DIR      the root (default: what tests/boot/root.sh prints)
#   --headers DIR   kernel headers to build with (default: the Debian packages that fit, by apt, kept in the cache)
#
# OUT-DIR/overlay gets usr/lib/modules/VERSION with the modules and fresh module indexes, ready for
# "tests/boot/image.sh --overlay OUT-DIR/overlay"; OUT-DIR/wrapkey is the tool for this machine.
# Further arguments go to make, for a cross build: ARCH=s390 CROSS_COMPILE=s390x-linux-gnu-
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

say() {
    printf 'build.sh: %s\n' "$*" >&2
}

root='' headers=''
while [[ ${1-} == --* ]]; do
    case $1 in
        --root) root=$2 && shift ;;
        --headers) headers=$2 && shift ;;
        *) say "unknown option '$1'" && exit 2 ;;
    esac
    shift
done
if [[ $# -lt 1 ]]; then
    say "usage: build.sh [--root DIR] [--headers DIR] OUT-DIR [MAKE-ARGUMENT]…"
    exit 2
fi
mkdir -p "$1"
out="$(cd "$1" && pwd)"
shift
root="${root:-$("$here/../boot/root.sh")}"
kver="$(basename "$(echo "$root"/usr/lib/modules/*)")"
cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"

# Prints where a Debian kernel's headers are; gets and unpacks them when the cache has none. They are not installed
# in the root, because they bring a compiler along that nobody needs there.
headers_for() {
    local version="$1" dir="$cache/headers-$1" tmp lock package makefile
    if [[ ! -d $dir ]]; then
        mkdir -p "$cache"
        exec {lock}>"$dir.lock"
        flock "$lock"
    fi
    if [[ ! -d $dir ]]; then
        say "getting the headers of kernel $version with apt, once"
        rm -rf --one-file-system "$dir".tmp.*
        tmp="$dir.tmp.$$"
        mkdir -p "$tmp/deb"
        apt_download "$tmp/deb" "linux-headers-$version"
        # the common half and the build programs, of the very same version; not the compiler
        dpkg-deb -f "$tmp"/deb/*.deb Depends | tr ',' '\n' | sed -nE 's/^ *(linux-(headers|kbuild)-[^ ]+).*/\1/p' \
            >"$tmp/depends"
        while IFS= read -r package; do
            apt_download "$tmp/deb" "$package"
        done <"$tmp/depends"
        for package in "$tmp"/deb/*.deb; do
            dpkg-deb -x "$package" "$tmp"
        done
        rm -rf "$tmp/deb" "$tmp/depends"
        # Debian's Makefile includes the common half by its installed path; the cache may be anywhere
        makefile="$tmp/usr/src/linux-headers-$version/Makefile"
        sed -i "s,^include /usr/src/,include $dir/usr/src/," "$makefile"
        mv -T "$tmp" "$dir"
    fi
    printf '%s\n' "$dir/usr/src/linux-headers-$version"
}

# A root that is newer than apt's lists has a kernel that they don't know.
apt_download() (
    cd "$1" || exit
    get=(apt-get -qq -o APT::Sandbox::User=root)
    if ! "${get[@]}" download "$2" >&2 && ! { "${get[@]}" update && "${get[@]}" download "$2"; } >&2; then
        say "apt has no package '$2': name a directory with --headers"
        exit 1
    fi
)

headers="${headers:-$(headers_for "$kver")}"
work="$(mktemp -d "$out.XXXXXX")"
trap 'rm -rf --one-file-system "$work"' EXIT

say "building for kernel $kver"
mkdir "$work/src"
cp "$here"/*.[ch] "$here/Kbuild" "$work/src/"
# BTF would need pahole, and sometimes a vmlinux, and nobody here traces the modules
if ! make -s -j2 -C "$headers" M="$work/src" CONFIG_DEBUG_INFO_BTF_MODULES='' "$@" modules >"$work/log" 2>&1; then
    cat "$work/log" >&2
    say "the modules don't build"
    exit 1
fi
grep -v '^$' "$work/log" >&2 || true
if grep -q 'warning:' "$work/log"; then
    say "there were warnings"
    exit 1
fi

modules="$out/overlay/usr/lib/modules/$kver"
rm -rf --one-file-system "$modules"
mkdir -p "$modules/updates"
cp "$work"/src/*.ko "$modules/updates/"
# indexes over the root's modules and ours together
mkdir -p "$work/top/lib/modules/$kver"
cp -a "$root/usr/lib/modules/$kver"/modules.{order,builtin,builtin.modinfo} "$work/top/lib/modules/$kver/"
ln -s "$root/usr/lib/modules/$kver/kernel" "$work/top/lib/modules/$kver/kernel"
ln -s "$modules/updates" "$work/top/lib/modules/$kver/updates"
depmod -b "$work/top" "$kver"
cp "$work/top/lib/modules/$kver"/modules.* "$modules/"

gcc -std=gnu17 -Wall -Wextra -Werror -O2 -o "$out/wrapkey" "$here"/{wrapkey,wrap,token,crypt-host}.c -lmbedcrypto
say "modules and indexes are in $out/overlay, the host's tool is $out/wrapkey"
