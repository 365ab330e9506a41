#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh: what the dracut module adds to an image that has "crypt" and "network" anyway, with the dynamic helper and
# with the static one ("make static" first), beside what clevis' modules (tang and sss) add to the same image. A
# measurement, not a test. Needs root, as tests/boot/image.sh does; fetches clevis' packages with apt.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export B="${B:-$PWD/build}"
# dracut's own choice
compress='zstd -15 -q -T0'

work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-bench.XXXXXX")"
trap 'rm -rf "$work"' EXIT

image() { # NAME [image.sh's options…]
    tests/boot/image.sh --out "$work/$1.img" "${@:2}" --dracut-arg --compress --dracut-arg "$compress" 2>"$work/$1.said" \
        || { cat "$work/$1.said" >&2 && return 1; }
}

clevis_tree() { # FOLDER: the packages that the root of the virtual machines lacks
    mkdir -p "$1" "$work/debs"
    (cd "$work/debs" && apt-get -q -o APT::Sandbox::User=root download clevis clevis-luks clevis-systemd clevis-dracut jose libjose0 luksmeta \
        libluksmeta0 libjansson4 >/dev/null)
    local package
    for package in "$work"/debs/*.deb; do
        dpkg -x "$package" "$1"
    done
    # the root has these as links into /usr
    if [[ -d $1/lib ]]; then
        cp -a "$1/lib/." "$1/usr/lib/"
        rm -r "${1:?}/lib"
    fi
}

sizes() { # NAME: compressed, unpacked, files
    stat -c %s "$work/$1.img"
    zstd -d -q -c "$work/$1.img" >"$work/$1.cpio"
    cpio -t --quiet <"$work/$1.cpio" | wc -l
    stat -c %s "$work/$1.cpio"
}

row() { # TITLE NAME
    mapfile -t base < <(sizes base)
    mapfile -t this < <(sizes "$2")
    printf '  %-28s %9d %10d %6d\n' "$1" $((this[0] - base[0])) $((this[2] - base[2])) $((this[1] - base[1]))
}

# Programs as packages have them, without what debuggers read.
make -s install DESTDIR="$work/dynamic-tree"
strip "$work/dynamic-tree/usr/sbin/cexluks"
cp -a "$work/dynamic-tree" "$work/static-tree"
make -s install-static DESTDIR="$work/static-tree"

image base --no-product
image dynamic --destdir "$work/dynamic-tree"
image static --destdir "$work/static-tree"
clevis_tree "$work/clevis-tree"
image clevis --no-product --overlay "$work/clevis-tree" --dracut-arg --add --dracut-arg 'clevis clevis-pin-tang clevis-pin-sss'

printf 'added to an image of %d bytes (crypt, network; %s):\n' "$(sizes base | head -n 1)" "$compress"
printf '  %-28s %9s %10s %6s\n' '' compressed unpacked files
row 'cexluks, dynamic helper' dynamic
row 'cexluks, static helper' static
row "clevis, tang and sss" clevis
