# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced after lib.sh: what a small image has around the helper, so that "check" lacks nothing in it.

image_tree() { # FOLDER SYSTEM: with that system's configuration
    local units=(cexluks-{boot,retry,forget,refused}.service cryptsetup-pre.target)
    mkdir -p "$1"/{dev,proc,sys,run,etc/systemd/system/initrd.target.wants,usr/sbin,usr/lib/{dracut/hooks,systemd/system}} \
        "$1"/usr/lib/{modules/6.1-test/kernel,modules-load.d} "$1"/usr/lib/dracut/hooks/{cmdline,pre-udev,cleanup}
    cp -a "$2/etc/cexluks" "$1/etc/"
    printf 'root /volume none luks\n' >"$1/etc/crypttab"
    install -D -m 644 /dev/stdin "$1/etc/systemd/network/50-dhcp.network" <<<$'[Match]\nName=*\n[Network]\nDHCP=yes'
    touch "${units[@]/#/$1/usr/lib/systemd/system/}" "$1"/usr/lib/systemd/systemd{,-networkd} \
        "$1"/usr/lib/dracut/hooks/{cmdline/20-cexluks-need,pre-udev/65-cexluks-bound,cleanup/15-cexluks-end}-network.sh
    ln -s /usr/lib/systemd/system/cexluks-{boot,retry}.service "$1/etc/systemd/system/initrd.target.wants/"
    mkdir "$1/usr/lib/modules/keys" # as Debian has one
    (
        cd "$1/usr/lib/modules/6.1-test" || exit
        echo 'an ELF file of many megabytes' >kernel/dm-crypt.ko.xz
        printf 'kernel/dm-crypt.ko.xz: kernel/dm-mod.ko.xz\n' >modules.dep
        printf 'kernel/crypto/algif_skcipher.ko\n' >modules.builtin
    )
    printf 'dm_crypt\nalgif_skcipher\n' >"$1/usr/lib/modules-load.d/cexluks.conf"
}

image_stand_in() { # FOLDER SCRIPT, in place of the helper; the shell comes with it
    local shell
    shell="$(realpath /bin/sh)"
    mkdir -p "$1$(dirname "$shell")" && cp "$shell" "$1$shell" && install -D "$shell" "$1/bin/sh" &&
        ldd "$shell" | grep -o '/[^ ]*' | while read -r file; do install -D "$file" "$1$file"; done &&
        printf '#!/bin/sh\n%s\n' "$2" >"$1/usr/sbin/cexluks" && chmod 755 "$1/usr/sbin/cexluks"
}

image_archive() { # FOLDER [cpio's options…]
    (cd "$1" && find . -print0 | cpio --quiet -0 -o -H newc "${@:2}")
}
