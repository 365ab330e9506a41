#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# root.sh [PACKAGE]…: print the path of a Debian 12 root directory for virtual machines; make it when the cache has
# none. Packages are added to those below, which makes a root of its own. With VM_ARCH=s390x in the environment: of
# tests/s390x/tree.sh's root.
#
# The tree serves two purposes: dracut runs in it (image.sh), and, stripped, it is what the encrypted disks
# hold (disk.sh). Nobody may write into it: both users put an overlay on top.
# The cache key is this script and the packages asked for, so any edit of the list or of a hook makes a new root.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

if [[ ${VM_ARCH-} == s390x ]]; then
    tree="$("$(dirname "${BASH_SOURCE[0]}")/../s390x/tree.sh")"
    printf '%s\n' "$tree/root"
    exit 0
fi

suite=bookworm
packages=(
    # kernel and the tools dracut wants in its image; zstd, or dracut silently falls back to gzip
    linux-image-cloud-amd64 systemd systemd-sysv udev dbus dracut dracut-network kmod zstd
    # dracut-network's backends: networkd (in systemd); network-legacy wants dhclient, arping and pgrep
    systemd-resolved isc-dhcp-client iputils-arping iproute2 procps
    # opening and judging a volume
    cryptsetup-bin dmsetup e2fsprogs keyutils jq bash
    # what the dynamic helper links with
    libcurl4 libcjson1 libmbedcrypto7 libmbedtls14 libmbedx509-1 libinih1 libkeyutils1
    libcryptsetup12 libdevmapper1.02.1 libblkid1
    curl ca-certificates
    "$@"
)

say() {
    printf 'root.sh: %s\n' "$*" >&2
}

cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
key="$({ cat "${BASH_SOURCE[0]}" && printf '%s\n' "$@"; } | sha256sum | cut -c1-16)"
root="$cache/root-$suite-$key"

if [[ -d $root ]]; then
    printf '%s\n' "$root"
    exit 0
fi
if [[ $EUID -ne 0 ]] || ! command -v mmdebstrap >/dev/null; then
    say "needs to run as root, with mmdebstrap installed"
    exit 1
fi

# The lock makes a second caller wait for the first instead of downloading everything twice; it goes with
# the process, so an interrupted run leaves nothing to clean but the temporary tree, removed by the next one.
mkdir -p "$cache"
exec {lock}>"$cache/root-$suite-$key.lock"
flock "$lock"
if [[ ! -d $root ]]; then
    rm -rf --one-file-system "$cache/root-$suite-$key.tmp".*
    tmp="$cache/root-$suite-$key.tmp.$$"
    trap 'rm -rf --one-file-system "$tmp"' EXIT
    say "making a Debian $suite root with mmdebstrap, once (some 2 minutes)"
    started=$SECONDS
    # shellcheck disable=SC2016 # apt's own variables, not the shell's
    sources="$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) main' 'Created-By: Packages' \
        'Component: main' 'Origin: Debian' | grep -E " $suite(-updates|-security)? " | sort -u || true)"
    # shellcheck disable=SC2016 # $1 is for mmdebstrap's shell
    # INITRD=No: the kernel package would build an initramfs that nobody boots.
    # 11-ifcfg.conf: asks dracut for a module that Debian does not ship.
    # Only 'main', from where the host's own apt gets this suite; mmdebstrap's default where it doesn't know it.
    INITRD=No DEBIAN_FRONTEND=noninteractive mmdebstrap --quiet --variant=minbase --components=main \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --aptopt='Apt::Install-Recommends "false"' \
        --include="$(
            IFS=,
            printf '%s' "${packages[*]}"
        )" \
        --customize-hook='rm -f "$1/etc/dracut.conf.d/11-ifcfg.conf"' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin' \
        "$suite" "$tmp" ${sources:+-} <<<"$sources" >&2
    mv -T "$tmp" "$root"
    trap - EXIT
    say "root made in $((SECONDS - started)) s: $(du -sh "$root" | cut -f1)"
fi
printf '%s\n' "$root"
