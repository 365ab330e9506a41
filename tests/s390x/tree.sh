#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tree.sh: print the path of a folder with what tests on s390x need of Debian 13; make it when the cache has none.
#
#   root      for virtual machines, as tests/boot/root.sh's: dracut runs in it, the encrypted disks hold it
#   sysroot   what a cross compiler needs: headers and libraries of the same suite
#   headers   to build modules for the root's kernel, on this machine
#   site      where Debian was found; CEXLUKS_DEBIAN names one where this machine's apt knows none
#
# Nobody may write into them. The cache key is this script. The trees are unpacked only: the maintainer scripts of 200
# packages take 12 minutes under emulation, and what of their work a machine for one minute needs is done below.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
suite=trixie
root_packages=(
    # what "essential" says, without dpkg, and Perl only where somebody depends on it
    base-files base-passwd bash coreutils dash diffutils findutils grep gzip hostname libc-bin mawk
    ncurses-base ncurses-bin sed sysvinit-utils tar util-linux
    # kernel and the tools dracut wants in its image; liblzma5, which kmod loads by itself to read modules
    linux-image-s390x systemd systemd-sysv udev dbus dracut dracut-network kmod liblzma5 libzstd1 zstd
    iproute2 procps mount login passwd
    # opening and judging a volume
    cryptsetup-bin systemd-cryptsetup dmsetup e2fsprogs keyutils jq xxd
    # what the dynamic helper links with, and its unit tests
    libcurl4t64 libcjson1 libmbedcrypto16 libinih1 libkeyutils1
    libcryptsetup12 libdevmapper1.02.1 libblkid1 libcmocka0
    # lszcrypt, and what zkey links with
    s390-tools libjson-c5 libssl3t64
)
sysroot_packages=(
    # /lib is a link
    base-files libc6-dev linux-libc-dev
    libcryptsetup-dev libblkid-dev libdevmapper-dev libcurl4-openssl-dev libcjson-dev libmbedtls-dev
    libkeyutils-dev libinih-dev libcmocka-dev
    # zkey, see zkey.sh
    libssl-dev libjson-c-dev
)

say() {
    printf 'tree.sh: %s\n' "$*" >&2
}

cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
key="$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-16)"
dir="$cache/s390x-$suite-$key"

if [[ -d $dir ]]; then
    printf '%s\n' "$dir"
    exit 0
fi
if [[ $EUID -ne 0 ]] || ! command -v mmdebstrap >/dev/null; then
    say "needs to run as root, with mmdebstrap installed"
    exit 1
fi

# unpack TREE PACKAGE…
unpack() {
    mmdebstrap --quiet --variant=extract --architectures=s390x --components=main \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --aptopt='Apt::Install-Recommends "false"' \
        --include="$(IFS=, && echo "${*:2}")" \
        "$suite" "$1" "deb $site $suite main" >&2
}

# What the packages' own scripts would have done, as far as somebody here asks for it.
finish_root() {
    local root="$1" kver="$2"
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    : >"$root/etc/fstab"
    [[ -e $root/usr/bin/awk ]] || ln -s mawk "$root/usr/bin/awk"
    rm -f "$root/etc/dracut.conf.d/11-ifcfg.conf"
    depmod -b "$root" "$kver"
    # The last one failed silently once: a missing library makes modprobe believe that there are no modules.
    # shellcheck disable=SC2016 # the inner shells expand these
    "$here/emulation.sh" bash -euo pipefail -c '
        chroot "$1" ldconfig
        chroot "$1" systemd-sysusers
        chroot "$1" awk "BEGIN { exit 0 }"
        chroot "$1" lszcrypt --version
        chroot "$1" modinfo -k "$2" dm_crypt' - "$root" "$kver" >"$root.log" 2>&1 || {
        cat "$root.log" >&2
        return 1
    }
}

# The packaged headers, the common half, and the build programs, which have to run here: this machine's Debian may be
# older than the headers, and its build programs for the same kernel do as well.
finish_headers() {
    local headers="$1" kver="$2" version kbuild package
    version="${kver%-s390x}"
    kbuild="linux-kbuild-$version"
    mkdir "$headers"
    (
        # shellcheck source=tests/s390x/apt.sh
        source "$here/apt.sh"
        apt_of "$headers/apt" deb "$site" "$suite"
        cd "$headers"
        apt-get -qq download "linux-headers-$kver" "linux-headers-$version-common" "$kbuild:$(dpkg --print-architecture)"
    )
    for package in "$headers"/*.deb; do
        dpkg-deb -x "$package" "$headers"
    done
    if ! "$headers/usr/lib/$kbuild/scripts/basic/fixdep" 2>&1 | grep -q Usage; then
        rm -rf "$headers/usr/lib/$kbuild"
        package="$(apt-cache search --names-only "^linux-kbuild-${version%%+*}\+" | head -n 1 | cut -d ' ' -f 1)"
        package="${package:-$(apt-cache search --names-only "^linux-kbuild-${version%.*}\." | sort -V | tail -n 1 | cut -d ' ' -f 1)}"
        if [[ -z $package ]] || ! (cd "$headers" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2); then
            say "no build programs for kernel $version run on this machine"
            return 1
        fi
        dpkg-deb -x "$headers/$package"_*.deb "$headers"
        ln -s "$package" "$headers/usr/lib/$kbuild"
    fi
    rm -rf "$headers"/*.deb "$headers/apt"
    # the common half is included by its installed path
    sed -i "s,^include /usr/src/,include $dir/headers/usr/src/," "$headers/usr/src/linux-headers-$kver/Makefile"
}

mkdir -p "$cache"
exec {lock}>"$dir.lock"
flock "$lock"
if [[ ! -d $dir ]]; then
    find "$cache" -maxdepth 1 -name 's390x-*' ! -name '*.lock' -mtime +14 -exec rm -rf --one-file-system {} +
    rm -rf --one-file-system "$dir.tmp".*
    tmp="$dir.tmp.$$"
    trap 'rm -rf --one-file-system "$tmp"' EXIT
    mkdir "$tmp"
    say "unpacking Debian $suite for s390x, once (some 2 minutes)"
    started=$SECONDS
    # 'main' alone, from where the host's own apt gets Debian; it need not know this suite
    # shellcheck disable=SC2016 # apt's own variables, not the shell's
    site="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' 'Origin: Debian' \
        'Label: Debian' | sort -u | head -n 1)"
    site="${site:-${CEXLUKS_DEBIAN:?names a Debian mirror, apt knows none}}"
    unpack "$tmp/root" "${root_packages[@]}"
    kver="$(basename "$(echo "$tmp"/root/usr/lib/modules/*)")"
    finish_root "$tmp/root" "$kver"
    finish_headers "$tmp/headers" "$kver"
    unpack "$tmp/sysroot" "${sysroot_packages[@]}"
    printf '%s\n' "$site" "$suite" >"$tmp/site"
    mv -T "$tmp" "$dir"
    trap - EXIT
    say "unpacked in $((SECONDS - started)) s: $(du -sh "$dir" | cut -f1)"
fi
printf '%s\n' "$dir"
