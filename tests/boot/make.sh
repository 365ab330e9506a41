# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases: images and disks in the case's folder.

# make_image NAME [image.sh option…]: prints the path of an image; equal input is built once per tree.
make_image() {
    local out="$case_dir/$1.img"
    shift
    "$here/image.sh" --reuse "$work/images" "$@" --out "$out"
    printf '%s\n' "$out"
}

# make_disk NAME [disk.sh option…]: prints the path of a new disk image, the caller's to change.
make_disk() {
    local out="$case_dir/$1.disk"
    shift
    "$here/disk.sh" "$@" "$out"
    printf '%s\n' "$out"
}
