#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# column.sh SUITE: print the path of a Debian root directory in which dracut makes images, and whose headers and libraries
# the helper is built with (cross.sh); make it when the cache has none.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

# shellcheck source=tests/boot/debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/../boot/debian.sh"

suite=${1:?}
packages=(
    linux-image-cloud-amd64 systemd systemd-sysv udev dbus dracut dracut-network kmod zstd cpio
    # network backends: NetworkManager, networkd (in systemd), and what network-legacy calls
    network-manager systemd-resolved iputils-arping iproute2 procps
    # what the crypt module wants; what the fips module calls
    cryptsetup-bin dmsetup e2fsprogs bash kcapi-tools ca-certificates
    # the helper, built for this suite: headers bring the libraries
    libc6-dev libcryptsetup-dev libblkid-dev libdevmapper-dev libcurl4-openssl-dev libcjson-dev libmbedtls-dev
    libkeyutils-dev libinih-dev
)
case $suite in
    bookworm) packages+=(isc-dhcp-client) ;;
    trixie) packages+=(isc-dhcp-client systemd-cryptsetup openssl-provider-fips) ;;
    *) packages+=(systemd-cryptsetup openssl-provider-fips) ;;
esac
debian_root image "$suite" "${packages[@]}"
