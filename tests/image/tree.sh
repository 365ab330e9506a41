# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file, in a mount namespace of its own.
#
#   tree_mount ROOT PLACE HOW   an overlay of ROOT at PLACE, its changes in PLACE.upper; one that is there goes away before
#   tree_unmount PLACE
#
# HOW full       with what a running system has in /dev, /proc and /sys
#     container  as container builds have it: /proc, and a /dev with the few nodes that each container has
#     chroot     /dev and /proc, no /sys
#     unpacked   with nothing but the nodes in /dev that came with ROOT
#     bare       with nothing at all, /dev is empty

tree_unmount() {
    umount -R -l "$1" 2>/dev/null || true
    rm -rf --one-file-system "$1.upper" "$1.overlay"
}

tree_container_dev() { # PLACE
    local node
    mount -t tmpfs -o mode=755 tmpfs "$1/dev"
    for node in null zero full random urandom tty; do
        : >"$1/dev/$node"
        mount --bind "/dev/$node" "$1/dev/$node"
    done
    ln -s /proc/self/fd "$1/dev/fd"
    mkdir "$1/dev/shm" "$1/dev/pts"
}

tree_mount() {
    local place=$2 dir
    tree_unmount "$place"
    mkdir -p "$place" "$place".{upper,overlay}
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$place.upper,workdir=$place.overlay" "$place" || return 1
    for dir in tmp var/tmp run; do
        mount -t tmpfs tmpfs "$place/$dir"
    done
    [[ $3 == unpacked || $3 == bare ]] || mount -t proc proc "$place/proc"
    case $3 in
        full)
            mount -t sysfs -o ro sysfs "$place/sys"
            mount --bind /dev "$place/dev"
            ;;
        chroot) mount --bind /dev "$place/dev" ;;
        container) tree_container_dev "$place" ;;
        bare) rm -rf "${place:?}"/dev/* ;;
    esac
}
