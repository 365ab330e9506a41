#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh [--check] [s390x] [ansible] [bench] [packages]: install with apt what building, testing and the demonstration
# need; with "s390x" also what "make check-s390x" needs, which is large; with "ansible" what "make check-ansible" needs;
# with "bench" what "make bench" compares with and draws with; with "packages" what builds and judges .deb and .rpm.
#
# Does nothing, at once, when everything is there. --check only says what is missing (exit 1). It knows Debian 12
# and newer, and Ubuntu 24.04 and newer; elsewhere it names what to look for.
set -euo pipefail
export LC_ALL=C

packages=(
    # the helper
    build-essential pkg-config libcryptsetup-dev libblkid-dev libdevmapper-dev libcurl4-openssl-dev
    libcjson-dev libmbedtls-dev libkeyutils-dev libinih-dev
    # unit tests and the KMS simulator
    libcmocka-dev libmicrohttpd-dev libgnutls28-dev
    # lint
    git shellcheck cppcheck clang-tidy mandoc groff-base
    # integration tests: real headers, real keyring, real TLS
    cryptsetup-bin keyutils curl openssl ca-certificates jq socat strace dnsmasq-base
    # reads the Butane configuration of a guide
    python3-yaml
    # shells to complete in; bash is there
    zsh fish
    # a TPM 1.2 and the programs that seal an API key to it
    swtpm swtpm-tools trousers tpm-tools
    # a journal with several boots
    systemd-journal-remote
    # systemd-analyze looks at the units, dracut's own shell functions at the module
    systemd dracut-core dracut-network iproute2
    # virtual machines: a root tree, disks and images made without root devices, software emulation
    mmdebstrap arch-test qemu-system-x86 e2fsprogs cpio zstd xxd kmod
)
check=no
for word in "$@"; do
    case $word in
        --check) check=yes ;;
        # cross compiler, programs and machines by emulation
        # (and for "make static ARCH=s390x" the kernel's headers)
        s390x) packages+=(gcc-s390x-linux-gnu linux-libc-dev-s390x-cross qemu-user-static qemu-system-misc) ;;
        # the role of packaging/ansible
        ansible) packages+=(ansible-core) ;;
        # clevis and its server to compare with; plots; profiles by hand
        bench) packages+=(clevis-luks tang jose gnuplot-nox hyperfine strace valgrind) ;;
        # "make deb" and "make rpm", and those who judge what they made
        packages) packages+=(debhelper fakeroot lintian rpm rpmlint) ;;
        *) echo "deps: unknown word '$word'" >&2 && exit 2 ;;
    esac
done

say() {
    printf 'deps: %s\n' "$*" >&2
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "no apt on this machine; install what Debian calls: ${packages[*]}"
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    say "all ${#packages[@]} packages are there"
    exit 0
fi
if [[ $check == yes ]]; then
    say "missing: ${missing[*]}"
    exit 1
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        say "run this as root: apt-get install ${missing[*]}"
        exit 1
    fi
    as_root=(sudo)
fi

say "installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"
started=$SECONDS
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# INITRD=No: installing dracut beside a kernel must not rebuild this machine's initramfs.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive INITRD=No apt-get -q -y "$@" </dev/null >>"$log" 2>&1
}
# A package list of yesterday may name versions that the mirror no longer has, hence update; it is allowed to fail
# where the lists are good enough, and the install then says what is wrong.
apt update || say "apt-get update failed, going on with the package lists that are there"
if ! apt -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; then
    tail -n 25 "$log" >&2
    say "apt-get install failed (its last lines are above)"
    exit 1
fi
say "installed in $((SECONDS - started)) s"
