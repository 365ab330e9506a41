# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# A machine of the plainest kind: a card, a disk, no network device, no configuration, and nobody there. Also the
# case for another kind of image.
# shellcheck disable=SC2034 # read by run
title="a root that the card alone opens, with no network in machine or image (systemd image)"
image_options=()

boot() {
    local image disk hooks="$case_dir/hooks"
    card_ready
    image="$(card_image initrd --no-network "${image_options[@]}")"
    zstd -q -d -c "$image" | cpio --quiet -t >"$case_dir/image-files"
    mkdir "$hooks"
    printf '%s\n' 'systemctl show --value --property=InitRDTimestampMonotonic' >"$hooks/initrd-began.sh"
    card_vm vm --hooks "$hooks" --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_volume_key_is_the_secure_key() {
    vm_mark vm dmsetup | grep "crypt paes-xts-plain64 :272:logon:cryptsetup:$root_uuid"
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00.* opened with card in [0-9.]+ s' \
        && [[ $(grep -c 'cexluks:' <(grep -v MARK "$(vm_console vm)")) -eq 1 ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_no_network_in_the_image() {
    grep -q 'usr/sbin/cexluks$' "$case_dir/image-files"
    ! grep -E 'systemd-networkd|dhclient|NetworkManager|connman|ifup|virtio_net|cmdline/20-cexluks' "$case_dir/image-files"
}

# Emulated, so generous; the log has the figures. A wait for a network, or pkey's for a driver, would be 30 and more.
expect_it_is_open_soon_after_user_space_began() {
    boot_report vm '.runs[0] | .volumes[0].ended_after_ms'
    vm_mark vm initrd-began
    [[ $(boot_report vm '.runs[0].volumes[0] | .outcome == "ok" and .binding == "card" and .ended_after_ms < 15000') == true ]]
}

expect_no_key_of_ours_is_left() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}
