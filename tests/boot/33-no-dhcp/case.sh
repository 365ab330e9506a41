# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# A network card with a link, and nobody on the wire. Also the case for another kind of image.
# shellcheck disable=SC2034 # read by run
title="no DHCP server at all: prompt at the timeout, and nothing waits for the network after it (systemd image)"
image_options=()

boot() {
    local image disk
    kms_ready 'timeout = 15s'
    image="$(make_image initrd --conf-dir "$case_dir/conf" "${image_options[@]}")"
    kms_vm vm --no-dhcp --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm no-network 'no interface came up with an address in 1[45] s'
}

expect_the_prompt_at_the_timeout() {
    boot_report vm '.runs[0].volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0].volumes[0].ended_after_ms | . >= 14000 and . <= 15500') == true ]] \
        && vm_within vm 'stays closed: no-network' "$kms_prompt" 5
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

# What comes between them takes an emulated machine 15 to 25 seconds; wait-online units and DHCP clients, 60 or more.
expect_nothing_holds_up_the_boot_after_typing() {
    vm_within vm "$kms_prompt" 'MARK root-mounted-from' 45
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}
