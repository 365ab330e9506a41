#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# root.sh [PACKAGE]…: print the path of a Debian 12 root directory for virtual machines; make it when the cache has
# none. Packages are added to those below, which makes a root of its own. With VM_ARCH=s390x in the environment: of
# tests/s390x/tree.sh's root.
#
# The tree serves two purposes: dracut runs in it (image.sh), and, stripped, it is what the encrypted disks
# hold (disk.sh). Nobody may write into it: both users put an overlay on top.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

if [[ ${VM_ARCH-} == s390x ]]; then
    tree="$("$(dirname "${BASH_SOURCE[0]}")/../s390x/tree.sh")"
    printf '%s\n' "$tree/root"
    exit 0
fi

# shellcheck source=tests/boot/debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

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

debian_root root bookworm "${packages[@]}"
