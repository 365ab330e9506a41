# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced, in the real root: the disk, and how it is told what to do. Run by itself it does nothing.

bad=/dev/disk/by-id/virtio-bad
block="$(basename "$(readlink "$bad")")"
control="$(($(blockdev --getsize64 "$bad") / 4096 - 1))"

begin() {
    local card
    # what the initramfs knew of the network went with it
    card="$(basename "$(ls -d /sys/class/net/e*)")"
    ip address add 10.0.2.15/24 dev "$card" 2>/dev/null
    ip link set "$card" up
    # elsewhere, because /run is mounted noexec
    mountpoint -q /mnt || mount -t tmpfs tmpfs /mnt
    cp cexluks ca.pem api-key cexluks.conf /mnt/
    chmod 0600 /mnt/api-key /mnt/cexluks.conf
    # udev would read it after every write, and each page is a read of its own
    mkdir -p /run/udev/rules.d
    printf 'KERNEL=="%s", OPTIONS:="nowatch"\n' "$block" >/run/udev/rules.d/99-bad.rules
    udevadm control --reload
    udevadm trigger --settle "/dev/$block"
    echo 0 >"/sys/block/$block/queue/read_ahead_kb"
}

tell() { # WORD…: to the disk; what is cached of it is forgotten
    printf '%-4096s' "$*" | dd of="$bad" bs=4096 seek="$control" oflag=direct iflag=fullblock conv=notrunc status=none
    blockdev --flushbufs "$bad"
}

counter() { # reads|writes|given|failed
    dd if="$bad" bs=4096 skip="$control" count=1 iflag=direct status=none | tr -d '\0' | grep -o "$1 [0-9]*" | cut -d' ' -f2
}

cexluks() {
    /mnt/cexluks "$@" --config /mnt/cexluks.conf
}

said() { # what the last one said, in one line
    tr '\n' '|' </mnt/said
}
