#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# machine-root.sh SUITE [build]: print the path of a Debian root directory that is whole, as a machine has it that somebody
# uses: with dracut as its initramfs generator and the libraries that the packages of cexluks depend on, but without cexluks.
# With "build", of one that these packages are made in. Makes it when the cache has none.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

# shellcheck source=tests/boot/debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

suite=${1:?}
machine=(
    linux-image-cloud-amd64 systemd systemd-sysv udev dbus dracut dracut-network kmod zstd cpio
    iproute2 iputils-arping isc-dhcp-client procps cryptsetup-bin dmsetup e2fsprogs bash ca-certificates
    libcjson1 libinih1 libkeyutils1 libcryptsetup12 libdevmapper1.02.1 libblkid1
)
build=(
    build-essential debhelper fakeroot pkg-config systemd
    libblkid-dev libcjson-dev libcryptsetup-dev libcurl4-openssl-dev libdevmapper-dev libinih-dev libkeyutils-dev libmbedtls-dev
)
case $suite in
    bookworm) machine+=(libcurl4 libmbedcrypto7 libmbedtls14 libmbedx509-1) ;;
    trixie) machine+=(libcurl4t64 libmbedcrypto16 libmbedtls21 libmbedx509-7 systemd-cryptsetup) build+=(systemd-dev) ;;
esac
case ${2-} in
    build) debian_root build "$suite" "${build[@]}" ;;
    *) debian_root machine "$suite" "${machine[@]}" ;;
esac
