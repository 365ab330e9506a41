# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# Proves the rig, not the product: plain dracut, systemd asks on the console.
# shellcheck disable=SC2034 # read by run
title="without cexluks, a passphrase typed at systemd's prompt opens the root"

boot() {
    local image disk
    image="$(make_image initrd --no-product)"
    disk="$(make_disk root)"
    vm_start vm --image "$image" --disk "$disk" --append "$root_append rd.luks.uuid=$root_uuid"
    vm_wait vm 'Please enter passphrase for disk luks-' 120
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 120
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
    vm_mark vm dmsetup | grep -q "^luks-$root_uuid: .* crypt aes-xts-plain64 "
}

expect_no_clear_key_on_the_console() {
    ! console_has vm "$passphrase"
}
