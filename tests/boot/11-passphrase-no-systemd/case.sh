# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Proves the rig, not the product: dracut's own init, network-legacy, cryptroot-ask on the console. Root on
# 4096-byte sectors, whose encryption in user space differs.
# shellcheck disable=SC2034 # read by run
title="without cexluks and systemd, a passphrase typed at cryptsetup's prompt opens the root"

boot() {
    local image disk
    image="$(make_image initrd --no-product --no-systemd)"
    disk="$(make_disk root --sector-size 4096)"
    vm_start vm --image "$image" --disk "$disk" --append "$root_append rd.luks.uuid=$root_uuid ip=dhcp rd.neednet=1"
    vm_wait vm 'Enter passphrase for /dev/' 120
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 120
    vm_ended vm 20
}

expect_network_is_up_before_the_prompt() {
    vm_within vm 'BOUND setting up' 'Enter passphrase' 60
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
    vm_mark vm dmsetup | grep -q "^luks-$root_uuid: .* crypt aes-xts-plain64 .*sector_size:4096"
}
