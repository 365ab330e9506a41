# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The domain comes while the helper waits, as when a hypervisor attaches it during the boot.
# shellcheck disable=SC2034 # read by run
title="a card that appears 20 seconds late opens the root unattended (systemd image)"

boot() {
    local image disk
    card_ready
    image="$(card_image initrd --no-network)"
    card_vm vm --append "rd.luks.uuid=$root_uuid $(card_appears_after 20000)"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00.* opened with card in [0-9.]+ s' \
        && [[ $(grep -c 'cexluks:' <(grep -v MARK "$(vm_console vm)")) -eq 1 ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_it_waited_for_the_card() {
    vm_mark vm journal | grep 'waiting: no-card'
}

# The helper starts some seconds after the module whose clock it is.
expect_it_opens_as_soon_as_the_card_is_there() {
    boot_report vm '.runs[0].volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs | length == 1 and (.[0].volumes[0] | .outcome == "ok" and .ended_after_ms < 35000)') == true ]]
}
