# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# docs/guides/kickstart.md from its first line to the first boot: its sections as they stand, in the root of a Debian 12 with the
# header, crypttab, fstab and device names that Anaconda leaves, and dracut at work; then the machine boots with what they made.
# In the installer's network the service has the address that it has in the guest. zipl is a stand-in that says it was called.
# shellcheck disable=SC2034 # read by run
title="a machine installed by kickstart boots unattended (systemd image)"

# shellcheck source=tests/guide.sh
source "$top/tests/guide.sh"
kickstart_passphrase="$(sed -nE 's/^ +autopart .*--passphrase=([^ ]+)$/\1/p' "$top/docs/guides/kickstart.md")"

anaconda_leaves() { # FOLDER: what it writes into the new system
    mkdir -p "$1/etc"
    printf 'luks-%s UUID=%s none discard\n' "$root_uuid" "$root_uuid" >"$1/etc/crypttab"
    printf '/dev/mapper/luks-%s / ext4 defaults,x-systemd.device-timeout=0 1 1\n' "$root_uuid" >"$1/etc/fstab"
}

# In namespaces that end with it: the installer, with the new system in $case_dir/tree and its disk at /dev/dasda2.
installer() { # DISK PORT…
    local disk=$1 port tree="$case_dir/tree"
    shift
    # shellcheck source=tests/image/tree.sh
    source "$here/../image/tree.sh"
    ip link set lo up
    ip addr add 10.0.2.100/32 dev lo
    for port; do
        socat "TCP-LISTEN:$port,bind=10.0.2.100,fork,reuseaddr" "UNIX-CONNECT:$case_dir/port-$port" &
    done
    tree_mount "$("$here/root.sh")" "$tree" container
    cp -a "$case_dir/product/." "$case_dir/system/." "$tree/"
    mkdir -p "$tree/dev/disk/by-uuid"
    : >"$tree/dev/dasda2"
    mount --bind "$disk" "$tree/dev/dasda2"
    ln -s ../../dasda2 "$tree/dev/disk/by-uuid/$root_uuid"
    printf 'inst.repo=hd:LABEL=site inst.ks=hd:LABEL=site:/ks.cfg ip=enc600:dhcp\n' >"$case_dir/cmdline"
    mount --bind "$case_dir/cmdline" "$tree/proc/cmdline"
    kickstart_run "$tree" "$case_dir/medium"
    # and once more with the image that was made
    chroot "$tree" sh -c 'cexluks check --initramfs /boot/init*'
    cp "$tree"/boot/init* "$case_dir/initrd.img"
    cp "$tree"/boot/vmlinuz-* "$case_dir/initrd.img.vmlinuz"
}

boot() {
    local disk port forwards=() ports=()
    kms_start
    kms_conf "$case_dir/medium/cexluks"
    anaconda_leaves "$case_dir/overlay"
    disk="$(make_disk root --pbkdf argon2id --passphrase "$kickstart_passphrase" --overlay "$case_dir/overlay")"

    make -s -C "$top" install DESTDIR="$case_dir/product" PREFIX=/usr
    mkdir -p "$case_dir/system"/{usr/sbin,etc/dracut.conf.d}
    anaconda_leaves "$case_dir/system"
    printf '#!/bin/sh\necho zipl was called\n' >"$case_dir/system/usr/sbin/zipl"
    chmod 755 "$case_dir/system/usr/sbin/zipl"
    # the devices of this machine are not those of the guest; and few drivers, to be quick
    printf '%s\n' 'hostonly="no"' 'early_microcode="no"' 'do_strip="no"' 'compress="zstd -3 -q -T0"' \
        'drivers+=" virtio_pci virtio_blk virtio_rng virtio_net dm_crypt ext4 "' \
        'omit_dracutmodules+=" kernel-modules-extra nvdimm qemu qemu-net watchdog-modules lunmask "' \
        >"$case_dir/system/etc/dracut.conf.d/90-quick.conf"

    for port in $(sim_info '.iam.port, .instances[].port'); do
        ports+=("$port")
        socat "UNIX-LISTEN:$case_dir/port-$port,fork" "TCP:127.0.0.1:$port" &
        forwards+=($!)
    done
    export case_dir here top
    export -f installer kickstart_run kickstart_section guide_block
    export guide_top
    unshare -mnp --fork --kill-child --propagation private bash -euo pipefail -c 'installer "$@"' - "$disk" "${ports[@]}" \
        >"$case_dir/installer.log" 2>&1 || { cat "$case_dir/installer.log" && return 1; }
    kill "${forwards[@]}"

    kms_mark
    image="$case_dir/initrd.img" root_append="root=/dev/mapper/luks-$root_uuid rd.luks.uuid=luks-$root_uuid" kms_vm vm
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_installation_says_that_the_next_boot_will_unlock() {
    grep -qx 'the next boot: ok: 1 of 1 volumes would open' "$case_dir/installer.log" && grep -qx 'zipl was called' "$case_dir/installer.log"
}

# By the helper in it, which sees this machine's own command line.
expect_the_image_opens_the_volume_too() {
    grep -qE '^init.*: /dev/dasda2: kms:prod: ok: opens keyslot 1' "$case_dir/installer.log"
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00.* opened with kms:prod in [0-9.]+ s'
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_no_unit_failed() {
    [[ -z $(vm_mark vm failed-unit) ]]
}

expect_the_passphrase_of_the_kickstart_file_is_nowhere() {
    [[ $(zstd -d -q -c -f "$case_dir/initrd.img" | grep -c -a -F "$kickstart_passphrase") -eq 0 ]] \
        && [[ ! -e $case_dir/tree.upper/root/passphrase ]]
}
